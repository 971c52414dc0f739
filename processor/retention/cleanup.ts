import type { CleanupReport } from './cleanup-report.ts';
import { sweepOrphans, type OrphanParts } from './orphans.ts';
import { scansOf, runScan, type ScanParts } from './scans.ts';

export type CleanupParts = ScanParts & OrphanParts;

/**
 * A full run: files whose time is over, files whose expiry is in the log already, unfinished writes, and blobs that
 * no job refers to. A run that breaks off is finished by the next one.
 *
 * @throws LogUnavailable, StreamMovedOn, BlobStoreUnavailable, and what `marks.keep` and `pause` throw
 */
export async function runCleanup(parts: CleanupParts): Promise<CleanupReport> {
  for (const scan of scansOf(parts.policy)) await runScan(parts, scan);
  const partials = parts.dryRun ? null : await parts.blobs.sweepPartials(parts.orphanAgeMs);
  await parts.pause();
  await sweepOrphans(parts);
  return parts.tally.report(partials);
}
