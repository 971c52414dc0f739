import { jobDecider } from '../../conversion-job/decider.ts';
import { retryPolicyOf } from '../../conversion-job/retry-policy.ts';
import { runCleanup } from '../../processor/retention/cleanup.ts';
import {
  tallyCleanup,
  type CleanupReport,
  type RemovedFile,
} from '../../processor/retention/cleanup-report.ts';
import { keepingDecider, keepingPolicyOf } from '../../processor/retention/kept-job.ts';
import { ORPHAN_AGE_MS } from '../../processor/retention/orphans.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createLog } from '../../runtime/log/log.ts';
import { loadSettings } from '../../runtime/settings/settings.ts';
import { openLog, openBlobs } from '../open-stores.ts';
import { progressOn } from '../progress.ts';

/** Maximum number of files in the list. The sums include all files. */
const LISTED_MAX = 1_000;

/**
 * `docket cleanup`: runs retention once, now. It needs the event store and the blobs, but not Postgres, so it can
 * free space when a full disk has stopped Postgres. So it reads the whole log and takes no lease. Each job's own
 * stream decides which files are removed, even if another cleanup runs.
 */
export async function run(argv: readonly string[]): Promise<number> {
  const dryRun = argv.includes('--dry-run');
  const settings = loadSettings(process.env);
  const logger = createLog('docket', 'warn');
  const blobs = await openBlobs(settings, logger);
  const log = openLog(settings, logger);
  const policy = keepingPolicyOf(settings);
  const files: RemovedFile[] = [];
  const progress = progressOn(process.stderr, dryRun ? 'Files to remove:' : 'Files removed:');
  let noted = 0;
  const note = (file: RemovedFile): void => {
    progress.show((noted += 1), null);
    if (files.length < LISTED_MAX) files.push(file);
  };
  try {
    const report = await runCleanup({
      log,
      blobs,
      policy,
      logger,
      dryRun,
      clock: systemClock,
      actor: 'operator',
      orphanAgeMs: ORPHAN_AGE_MS,
      decider: keepingDecider(jobDecider(retryPolicyOf(settings)), policy),
      tally: tallyCleanup(note, { dryRun }),
      marks: { markOf: () => 'start', keep: () => Promise.resolve() },
      pause: () => Promise.resolve(),
    }).finally(progress.end);
    if (argv.includes('--json')) console.log(JSON.stringify({ dryRun, ...report, files }, null, 2));
    else print(report, files, dryRun);
    return 0;
  } finally {
    await log.close();
  }
}

const WHY: Readonly<Record<RemovedFile['why'], string>> = {
  age: 'its keeping time is over',
  'first-download': 'it was downloaded',
  leftover: 'its end was in the log already',
  orphan: 'no job refers to it',
};

function print(report: CleanupReport, files: readonly RemovedFile[], dryRun: boolean): void {
  for (const { kind, blobKey, why, bytes, jobId } of files) {
    const of = jobId === null ? '' : ` of job ${jobId}`;
    console.log(`  ${kind === 'source' ? 'PDF' : 'result'} ${blobKey}${of}, ${bytes} bytes: ${WHY[why]}`);
  }
  const { expired, leftovers, orphans, partials, bytes, stillNeeded, notUnderstood } = report;
  const all = expired.source + expired.result + leftovers + orphans;
  if (all > files.length) console.log(`  and ${all - files.length} more`);
  console.log(
    `${dryRun ? 'Would remove' : 'Removed'} ${all} files, ${bytes} bytes: ${expired.source} PDFs and ${expired.result} results ` +
      `past their keeping time, ${leftovers} left by an earlier run, ${orphans} that no job refers to.`,
  );
  if (partials !== null) console.log(`Removed ${partials} unfinished writes.`);
  if (stillNeeded > 0)
    console.log(`${stillNeeded} files stay after their keeping time, because their jobs are not done.`);
  if (notUnderstood > 0)
    console.log(`${notUnderstood} files stay: their jobs have events that this build does not understand.`);
}
