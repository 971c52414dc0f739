import type { CleanupReport } from './cleanup-report.ts';
import { sweepOrphans, type OrphanParts } from './orphans.ts';
import { scansOf, runScan, type ScanParts } from './scans.ts';

export type CleanupParts = ScanParts & OrphanParts;

/**
 * Runs a full cleanup: files past their keeping time, files whose expiry the log has, unfinished writes, and blobs
 * that no job refers to. When a run breaks off, the next run finishes its work.
 *
 * @throws LogUnavailable, StreamMovedOn, BlobStoreUnavailable, and the errors of `marks.keep` and `pause`
 */
export async function runCleanup(parts: CleanupParts): Promise<CleanupReport> {
  for (const scan of scansOf(parts.policy)) await runScan(parts, scan);
  const partials = parts.dryRun ? null : await parts.blobs.sweepPartials(parts.orphanAgeMs);
  await parts.pause();
  await sweepOrphans(parts);
  return parts.tally.report(partials);
}
