import type { FileKind } from './kept-job.ts';

/** One file that a cleanup removed, or would remove without dry run. */
export interface RemovedFile {
  /**
   * `leftover`: an earlier run recorded that the file has ended, and did not remove it. `orphan`: no job ever
   * referred to the file.
   */
  readonly why: 'age' | 'first-download' | 'leftover' | 'orphan';
  readonly kind: FileKind;
  readonly blobKey: string;
  readonly jobId: string | null;
  readonly bytes: number;
}

/** The numbers of things that a cleanup removed. */
export interface CleanupReport {
  readonly expired: Record<FileKind, number>;
  readonly leftovers: number;
  readonly orphans: number;
  /** Number of removed unfinished writes; null in a dry run, which does not look for them. */
  readonly partials: number | null;
  readonly bytes: number;
  /** Files past their keeping time that stay because the job still needs them. */
  readonly stillNeeded: number;
  /** Files that stay because this build does not understand an event of their job. */
  readonly notUnderstood: number;
}

/**
 * Collects a report, and reports every file to `onRemoved`.
 *
 * @param dryRun true: files stay, so several rules may find the same file. The report then counts that file once
 */
export function tallyCleanup(
  onRemoved: (file: RemovedFile) => void,
  { dryRun }: { readonly dryRun: boolean },
) {
  const found = new Set<string>();
  const expired = { source: 0, result: 0 };
  let leftovers = 0;
  let orphans = 0;
  let bytes = 0;
  let stillNeeded = 0;
  let notUnderstood = 0;
  return {
    removed: (file: RemovedFile): void => {
      if (found.has(file.blobKey)) return;
      if (dryRun) found.add(file.blobKey);
      if (file.why === 'leftover') leftovers += 1;
      else if (file.why === 'orphan') orphans += 1;
      else expired[file.kind] += 1;
      bytes += file.bytes;
      onRemoved(file);
    },
    stillNeeded: (): void => void (stillNeeded += 1),
    notUnderstood: (): void => void (notUnderstood += 1),
    report: (partials: number | null): CleanupReport => ({
      expired,
      leftovers,
      orphans,
      partials,
      bytes,
      stillNeeded,
      notUnderstood,
    }),
  };
}

export type CleanupTally = ReturnType<typeof tallyCleanup>;
