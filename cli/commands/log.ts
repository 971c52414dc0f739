import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { requestScavenge, type Scavenged } from '../../event-store/request-scavenge.ts';
import { loadSettings } from '../../runtime/settings/settings.ts';
import { findConnection } from '../connections.ts';
import { usage, PlainFailure } from '../plain-failure.ts';
import { StoreLocked } from '../../event-store-server/storage/storage-errors.ts';
import { checkLog, type Damage, type LogChecked } from '../../event-store-server/storage/check-log.ts';
import { lockDirectory } from '../../event-store-server/storage/directory-lock.ts';
import { JOB_STREAM_PREFIX } from '../../schemas/events/streams.ts';

/** Maximum number of listed events and gaps. The sums include all of them. */
const LISTED_MAX = 100;
const MIB = 1024 * 1024;

/**
 * Checks the log in a folder of a stopped event store and names the remedy.
 * @returns the exit code: 0 no damage, 1 damage
 * @throws PlainFailure ALREADY_RUNNING while an event store uses the folder, NOT_FOUND when it has no log
 */
function checkFolder(folder: string, isJson: boolean): number {
  if (!existsSync(join(folder, 'lock')))
    throw new PlainFailure('NOT_FOUND', `There is no embedded event store in ${folder}.`);
  const unlock = lockStopped(folder);
  try {
    const checked = checkLog(folder);
    const jobs = jobsOf(checked);
    const advice = adviceOn(checked, folder);
    if (isJson) console.log(JSON.stringify({ folder, ...checked, jobs, advice }, null, 2));
    else print(folder, checked, jobs, advice);
    return checked.damages.length === 0 ? 0 : 1;
  } finally {
    unlock();
  }
}

function lockStopped(folder: string): () => void {
  try {
    return lockDirectory(folder);
  } catch (error) {
    if (!(error instanceof StoreLocked)) throw error;
    throw new PlainFailure('ALREADY_RUNNING', `${error.message} Stop it, then check the log.`, {
      exitCode: 3,
      cause: error,
    });
  }
}

/** The jobs that lost events. */
function jobsOf({ damages, gaps }: LogChecked): string[] {
  const streams = [...damages.flatMap(({ events }) => events), ...gaps].map(({ stream }) => stream);
  const jobs = streams.filter((stream) => stream.startsWith(JOB_STREAM_PREFIX));
  return [...new Set(jobs)].map((stream) => stream.slice(JOB_STREAM_PREFIX.length)).sort();
}

function adviceOn({ damages, cut, indexes }: LogChecked, folder: string): string[] {
  const advice: string[] = [];
  if (damages.length > 0) {
    const files = [...new Set(damages.map(({ file }) => file))];
    advice.push(
      `Copy ${folder} to another disk before anything else, and check whether this disk fails.`,
      `Put ${files.join(', ')} back from a copy of this folder, remove the .index file of the same name, and check again.`,
      'Without such a copy, restore the newest backup into an empty data folder: `docket restore`.',
      'The steps are in docs/operations.md, "A damaged log". Do not cut or edit the files: the store repairs nothing.',
    );
  }
  if (cut !== null)
    advice.push(
      'The next start cuts off the unfinished end. docs/operations.md, "A cut log", explains what it may contain.',
    );
  if (indexes.length > 0)
    advice.push('Do nothing about index files: the next start reads their segments and writes them again.');
  return advice;
}

function print(
  folder: string,
  checked: LogChecked,
  jobs: readonly string[],
  advice: readonly string[],
): void {
  const { segments, packed, bytes, events, damages, gaps, cut, indexes } = checked;
  console.log(
    `${folder}: ${events} whole events in ${segments} segments (${packed} scavenged), ${(bytes / MIB).toFixed(1)} MiB.`,
  );
  for (const damage of damages) printDamage(damage);
  for (const { stream, from, to } of gaps.slice(0, LISTED_MAX))
    console.log(
      `  stream ${stream}: ${from === to ? `revision ${from} is` : `revisions ${from} to ${to} are`} missing`,
    );
  if (gaps.length > LISTED_MAX) console.log(`  and ${gaps.length - LISTED_MAX} more streams`);
  if (jobs.length > 0)
    console.log(`Jobs with lost events: ${jobs.slice(0, LISTED_MAX).join(', ')} (${jobs.length} in all).`);
  if (cut !== null)
    console.log(`UNFINISHED ${cut.file}: its last ${cut.bytes} bytes, from byte ${cut.byteOffset} on.`);
  for (const { file, reason } of indexes) console.log(`INDEX ${file}: ${reason}.`);
  console.log(damages.length === 0 ? 'No event is damaged.' : `${damages.length} places are damaged.`);
  for (const sentence of advice) console.log(`- ${sentence}`);
}

function printDamage({ file, from, to, reason, events }: Damage): void {
  console.log(`DAMAGED ${file}, bytes ${from} to ${to}: ${reason}.`);
  for (const { stream, type, revision, position, isWhole } of events.slice(0, LISTED_MAX)) {
    const where = revision === null ? 'its tombstone' : `revision ${revision}`;
    const state = isWhole ? 'can be read, in a record that cannot' : 'is damaged';
    console.log(`  stream ${stream}, ${where}, ${type}, position ${position}: ${state}`);
  }
  if (events.length > LISTED_MAX) console.log(`  and ${events.length - LISTED_MAX} more events`);
}

/**
 * `docket log check [folder]` checks the files of a stopped embedded event store, and says what to do about damage.
 * `docket log scavenge` frees the space of events that limits and deletions of streams hide. Exit codes: 0 everything
 * is right or done, 1 damage or failed, 2 wrong usage, 3 the folder is in use.
 */
export async function run(argv: readonly string[]): Promise<number> {
  const [what, folder, ...more] = argv.filter((word) => !word.startsWith('--'));
  const isJson = argv.includes('--json');
  if (what === 'check' && more.length === 0) {
    const settings = loadSettings(process.env);
    return checkFolder(folder ?? join(resolve(settings.DATA_DIR), 'event-store'), isJson);
  }
  if (what === 'scavenge' && folder === undefined) return scavenge(isJson);
  throw usage('Say: docket log check [folder], or docket log scavenge.');
}

async function scavenge(isJson: boolean): Promise<number> {
  const scavenged = await requestScavenge(findConnection(loadSettings(process.env), 'EVENTSTORE_URL'));
  console.log(isJson ? JSON.stringify(scavenged, null, 2) : sentenceOf(scavenged));
  return scavenged.outcome === 'stopped' ? 1 : 0;
}

function sentenceOf({ outcome, freed, id }: Scavenged): string {
  if (freed === null)
    return `Scavenge ${id} has begun. The server continues in the background, and its streams $scavenges... report what it frees.`;
  const { events, bytes, rewritten, segments } = freed;
  const sums =
    `removed ${events} events and freed ${(bytes / MIB).toFixed(1)} MiB: ${rewritten} of ${segments} closed ` +
    'segments were written anew.';
  return outcome === 'done' ? `Scavenge ${sums}` : `Scavenge was stopped; until then it ${sums}`;
}
