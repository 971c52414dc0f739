import { hash } from 'node:crypto';
import type { JobId } from './ids.ts';

/** Namespace of every name-based id of Docket (RFC 9562, section 5.5). A change would change every job id. */
const DOCKET_NAMESPACE = Buffer.from('6f1d8f0e3c575b0a9a530d0c7e0a5d11', 'hex');

/** Bytes of a UUID (RFC 9562, section 4). SHA-1 gives 20 bytes, and version 5 uses the first 16 (section 5.5). */
const UUID_BYTES = 16;

/** The byte with the version in its upper four bits, and the byte with the variant in its upper two. */
const VERSION_BYTE = 6;
const VARIANT_BYTE = 8;

/**
 * Makes the UUID of version 5 in Docket's namespace (RFC 9562, section 5.5). Each job needs several such ids. This
 * function uses node:crypto and takes a quarter of the time of the package `uuid`.
 */
function nameBasedId(name: string): string {
  const bytes = hash('sha1', Buffer.concat([DOCKET_NAMESPACE, Buffer.from(name)]), 'buffer');
  bytes[VERSION_BYTE] = 0x50 | ((bytes[VERSION_BYTE] ?? 0) & 0x0f);
  bytes[VARIANT_BYTE] = 0x80 | ((bytes[VARIANT_BYTE] ?? 0) & 0x3f);
  const hex = bytes.toString('hex', 0, UUID_BYTES);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Joins the parts of a name so that different lists give different names. */
function nameOf(kind: string, parts: readonly string[]): string {
  return JSON.stringify([kind, ...parts]);
}

/**
 * The id of the job for one owner, one content and one mapping version with its parameters. Two equal uploads
 * therefore share one stream, and the stream prevents double work (promise 5). Without parameters the id equals the
 * id of builds that had no parameters.
 */
export function jobIdOf(
  owner: string,
  mapping: {
    readonly id: string;
    readonly version: number;
    readonly parameters?: Readonly<Record<string, string>> | undefined;
  },
  sha256: string,
): JobId {
  const parameters = Object.entries(mapping.parameters ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flat();
  return nameBasedId(nameOf('job', [owner, mapping.id, String(mapping.version), sha256, ...parameters]));
}

/** The id of the `index`-th event of a command: the same command always appends the same ids. */
export function eventIdOf(commandId: string, index: number): string {
  return nameBasedId(nameOf('event', [commandId, String(index)]));
}

/** A command id made from the meaning of the command, for commands that a process may send again after a crash. */
export function commandIdOf(...parts: readonly string[]): string {
  return nameBasedId(nameOf('command', parts));
}
