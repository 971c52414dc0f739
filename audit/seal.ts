import { createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { canonicalJson } from '../event-store/canonical-json.ts';
import { PositionText, Sha256 } from '../schemas/ids.ts';
import { leafHash, rootOf } from './merkle.ts';
import type { StreamEnd } from './stream-ends.ts';
import { sha256Of } from '../schemas/sha256.ts';

/** A signed statement of the end of every stream at one position of the log. */
export const Seal = z.strictObject({
  format: z.literal('docket.seal.v1'),
  /** The number of the seal, counted from 1. */
  number: z.number().int().min(1),
  sealedAt: z.iso.datetime({ precision: 3 }),
  /**
   * The position up to which the log was read. An import into another log changes positions, and no other part of a
   * seal.
   */
  position: PositionText,
  /** The last covered event, which marks the place in a log with other positions. */
  last: z.strictObject({ stream: z.string(), revision: PositionText, id: z.string() }).nullable(),
  streams: z.number().int().min(0),
  events: z.number().int().min(0),
  /** Root of the Merkle tree (RFC 9162) over the ends of all streams, in the order of their names. */
  root: Sha256,
  /** SHA-256 of the file with the ends that changed since the previous seal. */
  changes: Sha256,
  /** SHA-256 of the previous stored seal; null for the first. */
  previous: Sha256.nullable(),
  /** First 16 digits of the SHA-256 of the public key (SPKI, DER). */
  keyId: z.string(),
  /** Ed25519 over the RFC 8785 JSON of all the other members, in base64. */
  signature: z.string(),
});
export type Seal = z.infer<typeof Seal>;

/** A leaf of the tree, in the exact form that is hashed. */
export function leafOf(stream: string, end: StreamEnd): string {
  return canonicalJson({ stream, revision: end.revision.toString(), hash: end.hash });
}

/** Names of streams in the order of the leaves: by UTF-16 code units. */
export function inOrder(ends: ReadonlyMap<string, StreamEnd>): string[] {
  return [...ends.keys()].sort();
}

export function leafHashes(ends: ReadonlyMap<string, StreamEnd>): Buffer[] {
  return inOrder(ends).map((stream) => leafHash(leafOf(stream, ends.get(stream)!)));
}

/** Summarises the last revisions of all streams: number of streams, number of events, and Merkle root. */
export function summaryOf(ends: ReadonlyMap<string, StreamEnd>): Pick<Seal, 'streams' | 'events' | 'root'> {
  let events = 0n;
  for (const { revision } of ends.values()) events += revision + 1n;
  return { streams: ends.size, events: Number(events), root: rootOf(leafHashes(ends)).toString('hex') };
}

export function signed(seal: Omit<Seal, 'signature' | 'keyId'>, privateKey: KeyObject): Seal {
  const body = { ...seal, keyId: keyIdOf(createPublicKey(privateKey)) };
  return { ...body, signature: sign(null, Buffer.from(canonicalJson(body)), privateKey).toString('base64') };
}

export function isSignedBy(seal: Seal, publicKey: KeyObject): boolean {
  const { signature, ...body } = seal;
  return verify(null, Buffer.from(canonicalJson(body)), publicKey, Buffer.from(signature, 'base64'));
}

export function keyIdOf(publicKey: KeyObject): string {
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return sha256Of(der).slice(0, 16);
}

/** The stored form of a seal. The next seal has the hash of these bytes. */
export function storedSeal(seal: Seal): Buffer {
  return Buffer.from(`${JSON.stringify(seal, null, 1)}\n`);
}

/** The ends that differ from the ends in the previous seal, one in each line. */
export function storedChanges(
  ends: ReadonlyMap<string, StreamEnd>,
  before: ReadonlyMap<string, StreamEnd>,
): string {
  return inOrder(ends)
    .filter((stream) => ends.get(stream)!.hash !== before.get(stream)?.hash)
    .map((stream) => `${leafOf(stream, ends.get(stream)!)}\n`)
    .join('');
}

const Leaf = z.strictObject({ stream: z.string(), revision: PositionText, hash: Sha256 });

/**
 * Updates ends by the lines of a file of changes.
 * @throws ZodError, SyntaxError
 */
export function applyChanges(ends: Map<string, StreamEnd>, changes: string): void {
  for (const line of changes.split('\n')) {
    if (line === '') continue;
    const { stream, revision, hash } = Leaf.parse(JSON.parse(line));
    ends.set(stream, { revision: BigInt(revision), hash });
  }
}
