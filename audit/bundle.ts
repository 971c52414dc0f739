import { z } from 'zod';
import { PositionText, Sha256 } from '../schemas/ids.ts';

/** `bundle.json`: the subject of a bundle, and the files that belong to it. */
export const BundleIndex = z.strictObject({
  format: z.literal('docket.audit-bundle.v1'),
  jobId: z.string(),
  stream: z.string(),
  madeAt: z.iso.datetime({ precision: 3 }),
  /**
   * The last event that the seal covers. The bundle also has later events. Only the chain of their hashes protects
   * them.
   */
  sealedRevision: PositionText,
  files: z.array(
    z.strictObject({
      /** Name in the bundle; null when the file was removed at the end of its keeping time. */
      name: z.string().nullable(),
      kind: z.enum(['source', 'result']),
      blobKey: z.string(),
      sha256: Sha256,
      bytes: z.number().int(),
    }),
  ),
});
export type BundleIndex = z.infer<typeof BundleIndex>;

/**
 * `proof.json`: the leaf of this job in the tree of `seal.json`, and the hashes on the path from the leaf to the
 * root.
 */
export const BundleProof = z.strictObject({
  leaf: z.strictObject({ stream: z.string(), revision: PositionText, hash: Sha256 }),
  steps: z.array(z.strictObject({ side: z.enum(['left', 'right']), hash: Sha256 })),
});

/** One line of `events.jsonl`: the stored event. */
export const BundleEvent = z.strictObject({
  stream: z.string(),
  revision: PositionText,
  id: z.string(),
  type: z.string(),
  recordedAt: z.iso.datetime({ precision: 3 }),
  data: z.unknown(),
  metadata: z.unknown(),
});
export type BundleEvent = z.infer<typeof BundleEvent>;

/** Names of the files of a bundle. */
export const BUNDLE = {
  index: 'bundle.json',
  events: 'events.jsonl',
  proof: 'proof.json',
  seal: 'seal.json',
  page: 'index.html',
  readme: 'README.txt',
} as const;
