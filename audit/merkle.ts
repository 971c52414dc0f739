import { createHash } from 'node:crypto';

/**
 * Merkle trees as in RFC 9162 (section 2.1). The hashes of leaves and nodes begin with different bytes, so a node
 * cannot be presented as a leaf. Hashes are 32 bytes.
 */
const LEAF = Buffer.from([0]);
const NODE = Buffer.from([1]);

export function leafHash(leaf: string): Buffer {
  return createHash('sha256').update(LEAF).update(leaf).digest();
}

function nodeHash(left: Buffer, right: Buffer): Buffer {
  return createHash('sha256').update(NODE).update(left).update(right).digest();
}

/** The root of a tree with these leaf hashes. The root of no leaves is the hash of no bytes. */
export function rootOf(hashes: readonly Buffer[]): Buffer {
  if (hashes.length === 0) return createHash('sha256').digest();
  let level = hashes;
  while (level.length > 1) level = above(level);
  return level[0]!;
}

/**
 * Joins hashes in pairs, beginning at the left. An unpaired last hash moves up unchanged, which gives the tree of RFC
 * 9162.
 */
function above(level: readonly Buffer[]): Buffer[] {
  const next: Buffer[] = [];
  for (let at = 0; at < level.length; at += 2) {
    const left = level[at]!;
    const right = level[at + 1];
    next.push(right ? nodeHash(left, right) : left);
  }
  return next;
}

/** One step of a proof: the hash of the neighbour, and its side of the path. */
export interface ProofStep {
  readonly side: 'left' | 'right';
  /** The hash in hexadecimal. */
  readonly hash: string;
}

/** The steps from the leaf at `index` to the root. */
export function proofOf(hashes: readonly Buffer[], index: number): ProofStep[] {
  const steps: ProofStep[] = [];
  let level = hashes;
  for (let at = index; level.length > 1; at >>= 1) {
    const beside = level[at ^ 1];
    if (beside) steps.push({ side: at % 2 === 0 ? 'right' : 'left', hash: beside.toString('hex') });
    level = above(level);
  }
  return steps;
}

/** The root that follows from a leaf and its proof. */
export function rootByProof(leaf: Buffer, steps: readonly ProofStep[]): Buffer {
  return steps.reduce((hash, step) => {
    const beside = Buffer.from(step.hash, 'hex');
    return step.side === 'right' ? nodeHash(hash, beside) : nodeHash(beside, hash);
  }, leaf);
}
