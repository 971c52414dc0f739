import { seal, unseal, type SealingKeys } from './sealed-text.ts';

/**
 * A place in a projection: the build of its tables, and the commit position up to which the reader has every row.
 * `epoch`, a UUID, names the build and changes with a rebuild or switch.
 */
export interface Bookmark {
  readonly epoch: string;
  readonly position: bigint;
}

/** The holder of a token. No other owner, and no other topic, can use it (A-WS04). */
export interface TokenHolder {
  readonly owner: string;
  readonly topic: string;
}

const TOKEN_VERSION = 1;
const TOKEN_BYTES = 1 + 16 + 8;

/**
 * Seals a bookmark into the opaque text that a client keeps. The same bookmark and holder always give the same text.
 */
export function sealBookmark(keys: SealingKeys, holder: TokenHolder, bookmark: Bookmark): string {
  const payload = Buffer.alloc(TOKEN_BYTES);
  payload.writeUInt8(TOKEN_VERSION, 0);
  payload.write(bookmark.epoch.replaceAll('-', ''), 1, 'hex');
  payload.writeBigInt64BE(bookmark.position, 17);
  return seal(keys, ['live', holder.owner, holder.topic], payload);
}

/** The bookmark of a token; null when the token was not made for this holder. */
export function openBookmark(keys: SealingKeys, holder: TokenHolder, token: string): Bookmark | null {
  const payload = unseal(keys, ['live', holder.owner, holder.topic], token);
  if (payload?.length !== TOKEN_BYTES || payload.readUInt8(0) !== TOKEN_VERSION) return null;
  const hex = payload.toString('hex', 1, 17);
  const epoch = [0, 8, 12, 16, 20].map((from, index, starts) => hex.slice(from, starts[index + 1])).join('-');
  return { epoch, position: payload.readBigInt64BE(17) };
}
