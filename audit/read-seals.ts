import type { KeyObject } from 'node:crypto';
import { applyChanges, isSignedBy, keyIdOf, Seal, summaryOf } from './seal.ts';
import type { SealCopies, StoredSeal } from './seal-store.ts';
import type { StreamEnd } from './stream-ends.ts';
import { sha256Of } from '../schemas/sha256.ts';

export interface SealFault {
  readonly kind: 'seal';
  readonly number: number;
  readonly message: string;
}

/** All seals. Each was checked against the other seals and a key. */
export interface ReadSeals {
  /** The newest readable seal, or null. */
  readonly newest: Seal | null;
  /** SHA-256 of the stored newest seal. */
  readonly newestHash: string | null;
  /** The end of every stream according to the newest seal. */
  readonly ends: ReadonlyMap<string, StreamEnd>;
  readonly count: number;
  readonly faults: readonly SealFault[];
}

/**
 * Reads every seal, beginning with the first. Checks each seal's signature, chain and changes, and computes the root
 * of the newest seal. Because of the chain, the newest seal protects all earlier seals.
 *
 * @param copies the first copy counts. A seal that is missing in the first copy, or that differs in another copy, is
 * a fault
 * @param keys public keys. A seal with another key is a fault
 * @throws BlobStoreUnavailable, the system's error
 */
export async function readSeals(
  copies: readonly SealCopies[],
  keys: readonly KeyObject[],
): Promise<ReadSeals> {
  const numbers = new Set((await Promise.all(copies.map((place) => place.numbers()))).flat());
  const count = Math.max(0, ...numbers);
  const faults: SealFault[] = [];
  const ends = new Map<string, StreamEnd>();
  let newest: Seal | null = null;
  let newestHash: string | null = null;
  for (let number = 1; number <= count; number += 1) {
    const say = (message: string): number =>
      faults.push({ kind: 'seal', number, message: `seal ${number} ${message}` });
    const stored = await storedIn(copies, number, say);
    const seal = stored && parsed(stored.seal);
    if (!stored || !seal) {
      if (stored) say('cannot be read');
      continue;
    }
    const key = keys.find((known) => keyIdOf(known) === seal.keyId);
    if (!key) say(`was signed with key ${seal.keyId}, which is not among the given keys`);
    else if (!isSignedBy(seal, key)) say('does not have the signature of its key: it was changed');
    if (seal.number !== number || seal.previous !== newestHash) say('does not follow the seal before');
    if (sha256Of(stored.changes) !== seal.changes || !applied(ends, stored.changes))
      say('has changed stream ends');
    newest = seal;
    newestHash = sha256Of(stored.seal);
  }
  if (newest && faults.length === 0 && summaryOf(ends).root !== newest.root)
    faults.push({
      kind: 'seal',
      number: count,
      message: `seal ${count} has another root than its stream ends`,
    });
  return { newest, newestHash, ends, count, faults };
}

async function storedIn(
  copies: readonly SealCopies[],
  number: number,
  say: (message: string) => void,
): Promise<StoredSeal | null> {
  const [first, ...others] = await Promise.all(copies.map((place) => place.read(number)));
  if (!first) say(`is missing in ${copies[0]?.name ?? 'the only place'}`);
  for (const [index, other] of others.entries())
    if (first && other && !first.seal.equals(other.seal)) say(`differs in ${copies[index + 1]?.name ?? ''}`);
  return first ?? others.find((other) => other !== null) ?? null;
}

/** The newest seal of one place, unchecked. Null when no seal there is readable. */
export async function newestSealOf(place: SealCopies): Promise<Seal | null> {
  const newest = (await place.numbers()).at(-1);
  const stored = newest === undefined ? null : await place.read(newest);
  return stored && parsed(stored.seal);
}

function parsed(content: Buffer): Seal | null {
  try {
    return Seal.parse(JSON.parse(content.toString('utf8')));
  } catch {
    return null;
  }
}

function applied(ends: Map<string, StreamEnd>, changes: string): boolean {
  try {
    applyChanges(ends, changes);
    return true;
  } catch {
    return false;
  }
}
