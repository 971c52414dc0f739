import { join, resolve } from 'node:path';
import { requestScavenge, type Scavenged } from '../../event-store/request-scavenge.ts';
import { loadSettings } from '../../runtime/settings.ts';
import { findConnection } from '../connections.ts';
import { checkFolder } from './log-check.ts';
import { PlainFailure } from '../plain-failure.ts';

const MIB = 1024 * 1024;

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
  throw new PlainFailure('USAGE', 'Say: docket log check [folder], or docket log scavenge.', { exitCode: 2 });
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
