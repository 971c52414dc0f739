import { mkdir, open, readdir, readFile, rename } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { BlobStore } from '../blob-store/blob-store.ts';
import { BlobExists, BlobMissing } from '../blob-store/blob-errors.ts';
import { sha256Of } from '../schemas/sha256.ts';
import { nullIfMissing } from '../schemas/errors/coded-error.ts';

/** Prefix of seals in the blob store. */
export const SEALS_PREFIX = 'seals/';
const FILE_BYTES_MAX = 4 * 1024 ** 3;

/** A stored seal with its changes. */
export interface StoredSeal {
  readonly seal: Buffer;
  readonly changes: string;
}

/** One place that stores seals. */
export interface SealCopies {
  readonly name: string;
  numbers(): Promise<number[]>;
  /**
   * Reads a seal; null when it does not exist. When its changes are missing, `changes` is empty, and the check of their
   * hash then fails.
   */
  read(number: number): Promise<StoredSeal | null>;
  /**
   * Writes the changes first, so a stored seal always has its changes.
   * @throws BlobExists when a seal of this number exists
   */
  write(number: number, stored: StoredSeal): Promise<void>;
}

const sealName = (number: number): string => `${String(number).padStart(6, '0')}.json`;
/**
 * The name contains the hash of the content, so two processes that seal at the same time do not overwrite each other's
 * file.
 */
const changesName = (changes: string): string => `changes-${sha256Of(changes)}.jsonl.gz`;
const numberOf = (name: string): number[] => {
  const number = /^(\d{6})\.json$/.exec(name)?.[1];
  return number === undefined ? [] : [Number(number)];
};

/** The places of seals: the blob store, whose seals count, and a copy in the data folder. */
export function sealCopies(dataDir: string, blobs: BlobStore): SealCopies[] {
  return [sealsInBlobs(blobs), sealsInFolder(join(resolve(dataDir), 'seals'))];
}

/**
 * The seals in the blob store. A seal is written once. When two processes seal at the same time, the store refuses
 * the second seal.
 */
export function sealsInBlobs(blobs: BlobStore): SealCopies {
  const whole = async (name: string): Promise<Buffer | null> => {
    try {
      return await buffer((await blobs.open(`${SEALS_PREFIX}${name}`)).stream);
    } catch (error) {
      if (error instanceof BlobMissing) return null;
      throw error;
    }
  };
  const put = (name: string, content: Buffer): Promise<unknown> =>
    blobs.put(`${SEALS_PREFIX}${name}`, Readable.from([content]), { maxBytes: FILE_BYTES_MAX });
  return {
    name: 'the blob store',
    numbers: async () => {
      const numbers: number[] = [];
      for await (const { key } of blobs.list(SEALS_PREFIX))
        numbers.push(...numberOf(key.slice(SEALS_PREFIX.length)));
      return numbers.sort((a, b) => a - b);
    },
    read: async (number) => readBoth(whole, number),
    write: async (number, { seal, changes }) => {
      await put(changesName(changes), gzipSync(changes)).catch((error: unknown) => {
        if (!(error instanceof BlobExists)) throw error;
      });
      await put(sealName(number), seal);
    },
  };
}

/** The copies in a folder of this machine. */
export function sealsInFolder(directory: string): SealCopies {
  const whole = (name: string) => readFile(join(directory, name)).catch(nullIfMissing);
  const put = async (name: string, content: Buffer): Promise<void> => {
    const draft = join(directory, `.${name}`);
    const handle = await open(draft, 'w', 0o600);
    await handle.writeFile(content);
    await handle.sync();
    await handle.close();
    await rename(draft, join(directory, name));
  };
  return {
    name: directory,
    numbers: async () => {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      return (await readdir(directory)).flatMap(numberOf).sort((a, b) => a - b);
    },
    read: (number) => readBoth(whole, number),
    write: async (number, { seal, changes }) => {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await put(changesName(changes), gzipSync(changes));
      await put(sealName(number), seal);
    },
  };
}

async function readBoth(
  whole: (name: string) => Promise<Buffer | null>,
  number: number,
): Promise<StoredSeal | null> {
  const seal = await whole(sealName(number));
  const named = seal && changesOf(seal);
  const changes = named && (await whole(`changes-${named}.jsonl.gz`));
  return seal && { seal, changes: changes ? unpacked(changes) : '' };
}

/** The hash of the changes in a seal; null for an unreadable seal. */
function changesOf(seal: Buffer): string | null {
  try {
    const { changes } = JSON.parse(seal.toString('utf8')) as { changes?: unknown };
    return typeof changes === 'string' && /^[0-9a-f]{64}$/.test(changes) ? changes : null;
  } catch {
    return null;
  }
}

/** Bytes that are no gzip cannot be the sealed changes, and their hash will show the fault. */
function unpacked(changes: Buffer): string {
  try {
    return gunzipSync(changes).toString('utf8');
  } catch {
    return changes.toString('utf8');
  }
}
