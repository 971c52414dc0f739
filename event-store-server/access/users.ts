/** Finds out who calls: from the users of a file, the secret of a connection, and the headers of a call. */
import { timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Metadata } from '@grpc/grpc-js';
import { z } from 'zod';
import { CodedError } from '../../schemas/errors/coded-error.ts';
import { sha256Of } from '../../schemas/sha256.ts';

/** A caller whose credentials were accepted. */
export interface Caller {
  readonly name: string;
  readonly groups: readonly string[];
}

export interface User extends Caller {
  readonly password: string;
}

/** The groups and roles that have a meaning in EventStoreDB. */
export const ADMINS = '$admins';
export const EVERYBODY = '$all';

/** The caller of a store that requires no user: everything is allowed. */
export const SYSTEM: Caller = { name: 'system', groups: [ADMINS] };
/** A caller without credentials in a store that requires users: nothing is allowed. */
export const ANONYMOUS: Caller = { name: '', groups: [] };

const USERS = z
  .array(
    z.strictObject({
      // A name has no colon, because the first colon of basic credentials ends the name.
      name: z.string().regex(/^[^:]+$/),
      password: z.string().min(1),
      groups: z.array(z.string().min(1)).default([]),
    }),
  )
  .min(1);

/** A file of users or of a secret cannot be used. The message names the file and the reason. */
export class AccessFileUnusable extends CodedError {
  readonly code = 'ACCESS_FILE_UNUSABLE';

  constructor(file: string, reason: string, options?: ErrorOptions) {
    super(`The event store cannot use ${file}: ${reason}.`, options);
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new AccessFileUnusable(file, cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/**
 * Reads a file of the form `[{"name": ..., "password": ..., "groups": ["$admins"]}, ...]`.
 * @throws AccessFileUnusable
 */
export function readUsersFile(file: string): User[] {
  const text = readText(file);
  try {
    return USERS.parse(JSON.parse(text));
  } catch (cause) {
    // Zod's own message would quote the content of the file, passwords included.
    throw new AccessFileUnusable(file, 'it is no JSON list of users with name, password and groups', {
      cause,
    });
  }
}

/** Characters of the shortest accepted secret. */
const SECRET_CHARS_MIN = 32;

/**
 * Reads the secret that callers put in the name of their connection.
 * @throws AccessFileUnusable
 */
export function readSecretFile(file: string): string {
  const secret = readText(file).trim();
  if (secret.length < SECRET_CHARS_MIN || !/^[\x21-\x7e]+$/.test(secret))
    throw new AccessFileUnusable(file, `a secret has ${SECRET_CHARS_MIN} printable ASCII characters or more`);
  return secret;
}

const digest = (text: string): Buffer => Buffer.from(sha256Of(text), 'hex');

/** Returns name and password of `Basic ...`, or null when the header has another form. */
function basicCredentials(header: string): readonly [name: string, password: string] | null {
  const encoded = /^Basic ([A-Za-z0-9+/=]+)$/.exec(header)?.[1];
  if (encoded === undefined) return null;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? null : [text.slice(0, colon), text.slice(colon + 1)];
}

/** Returns the caller that the headers name, or null when the credentials are wrong. */
export type Identify = (headers: Metadata) => Caller | null;

/**
 * A caller with the secret may do everything. The store refuses a caller without the secret, unless it also requires
 * users and the caller names one.
 * @param users null: the store requires no user
 * @param secret null: the store requires no secret
 */
export function openIdentification(users: readonly User[] | null, secret: string | null): Identify {
  if (users === null && secret === null) return () => SYSTEM;
  const secretDigest = secret === null ? null : digest(secret);
  const known = new Map(users?.map((user) => [user.name, { user, digest: digest(user.password) }]));
  const header = (headers: Metadata, name: string): string => headers.get(name)[0]?.toString() ?? '';
  return (headers) => {
    if (secretDigest !== null && timingSafeEqual(digest(header(headers, 'connection-name')), secretDigest))
      return SYSTEM;
    if (users === null) return null;
    const credentials = basicCredentials(header(headers, 'authorization'));
    if (credentials === null) return ANONYMOUS;
    const [name, password] = credentials;
    const found = known.get(name);
    return found !== undefined && timingSafeEqual(digest(password), found.digest) ? found.user : null;
  };
}
