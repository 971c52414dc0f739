import { createHmac, hkdfSync, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { z } from 'zod';
import { CodedError } from '../schemas/errors/coded-error.ts';
import type { MasterKey } from './encryption.ts';
import { parsedAs, stored } from './links.ts';
import { readWhole, type Place } from './place.ts';

/** Parameters of scrypt, as OWASP recommends them. One guess of a passphrase needs 128 MiB and about half a second. */
const SCRYPT = { N: 2 ** 17, r: 8, p: 1 } as const;
const SCRYPT_BYTES_MAX = 256 * 1024 * 1024;
const KEY_FILE_BYTES_MIN = 32;
const HEADER = 'header.json';

/**
 * `header.json`, the only file without encryption: the parameters of the key derivation, and a mark that detects a
 * wrong key.
 */
const Header = z.strictObject({
  format: z.literal('docket.backup.v1'),
  kdf: z.enum(['scrypt', 'key-file']),
  /** The salt in base64. */
  salt: z.string(),
  scrypt: z.strictObject({ N: z.number().int(), r: z.number().int(), p: z.number().int() }).nullable(),
  /** First 16 bytes of an HMAC under the key, in base64. */
  mark: z.string(),
});
type Header = z.infer<typeof Header>;

/** The source of the key: the bytes of a file, or a passphrase. */
export type BackupSecret = { readonly keyFile: Buffer } | { readonly passphrase: string };

/** The backup uses another secret, or the text is not a valid secret. */
export class BackupKeyRefused extends CodedError {
  readonly code = 'BACKUP_KEY_REFUSED';

  constructor(why: string) {
    super(`The backup cannot be opened: ${why}.`);
  }
}

/**
 * Derives the key of a backup. With `create`, a place without a backup gets a header; otherwise such a place is
 * refused.
 * @throws BackupKeyRefused, ArchiveDamaged, BlobStoreUnavailable
 */
export async function openBackupKey(
  place: Place,
  secret: BackupSecret,
  { create }: { readonly create: boolean },
): Promise<MasterKey> {
  const content = await readWhole(place, HEADER);
  if (content === null && !create) throw new BackupKeyRefused('there is no backup in this place');
  if (content !== null) return keyUnder(parsedAs(Header, content, HEADER), secret);
  const kdf = 'keyFile' in secret ? 'key-file' : 'scrypt';
  const salt = randomBytes(32).toString('base64');
  const draft = { format: 'docket.backup.v1', kdf, salt, scrypt: kdf === 'scrypt' ? SCRYPT : null } as const;
  const key = await derive(draft, secret);
  await place.write(HEADER, stored({ ...draft, mark: markOf(key).toString('base64') } satisfies Header));
  return key;
}

async function keyUnder(header: Header, secret: BackupSecret): Promise<MasterKey> {
  const given = 'keyFile' in secret ? 'key-file' : 'scrypt';
  if (given !== header.kdf)
    throw new BackupKeyRefused(
      header.kdf === 'scrypt' ? 'it was made with a passphrase' : 'it was made with a key file',
    );
  const key = await derive(header, secret);
  const mark = Buffer.from(header.mark, 'base64');
  if (mark.length !== 16 || !timingSafeEqual(mark, markOf(key)))
    throw new BackupKeyRefused('it was made with another key');
  return key;
}

async function derive(
  { salt, scrypt: cost }: Omit<Header, 'mark'>,
  secret: BackupSecret,
): Promise<MasterKey> {
  const salted = Buffer.from(salt, 'base64');
  if ('keyFile' in secret) {
    if (secret.keyFile.length < KEY_FILE_BYTES_MIN)
      throw new BackupKeyRefused(`the key file is shorter than ${KEY_FILE_BYTES_MIN} bytes`);
    return Buffer.from(hkdfSync('sha256', secret.keyFile, salted, 'docket-backup', 32));
  }
  const derived = promisify<string, Buffer, number, object, Buffer>(scrypt);
  return derived(secret.passphrase, salted, 32, { ...(cost ?? SCRYPT), maxmem: SCRYPT_BYTES_MAX });
}

function markOf(key: MasterKey): Buffer {
  return createHmac('sha256', key).update('docket backup').digest().subarray(0, 16);
}
