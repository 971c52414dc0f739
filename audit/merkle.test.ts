import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { leafHash, proofOf, rootByProof, rootOf } from './merkle.ts';

const leaves = (count: number) => Array.from({ length: count }, (_, index) => leafHash(`leaf ${index}`));

/** The recursive definition of RFC 9162, 2.1.1, to hold ours against. */
function rfcRoot(hashes: readonly Buffer[]): Buffer {
  if (hashes.length === 1) return hashes[0]!;
  let split = 1;
  while (split * 2 < hashes.length) split *= 2;
  const left = rfcRoot(hashes.slice(0, split));
  const right = rfcRoot(hashes.slice(split));
  return createHash('sha256')
    .update(Buffer.from([1]))
    .update(left)
    .update(right)
    .digest();
}

describe('the Merkle tree', () => {
  it('has the roots of RFC 9162 at every size', () => {
    expect(rootOf([]).toString('hex')).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
    for (let count = 1; count <= 40; count += 1)
      expect(rootOf(leaves(count))).toEqual(rfcRoot(leaves(count)));
  });

  it('proves every leaf, and no other in its place', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 70 }), fc.nat(), fc.nat(), (count, at, otherAt) => {
        const hashes = leaves(count);
        const index = at % count;
        const other = otherAt % count;
        const proof = proofOf(hashes, index);
        expect(rootByProof(hashes[index]!, proof)).toEqual(rootOf(hashes));
        if (other !== index) expect(rootByProof(hashes[other]!, proof)).not.toEqual(rootOf(hashes));
      }),
    );
  });
});
