import { resolve } from 'node:path';
import { allowToReadAll } from '../../event-store/allow-user.ts';
import { checkStore, type Checked } from '../../event-store/store-check.ts';
import { createLog } from '../../runtime/log/log.ts';
import { loadSettings } from '../../runtime/settings/settings.ts';
import type { Settings } from '../../schemas/settings/config.ts';
import { notedConnections } from '../connections.ts';
import { PlainFailure, usage } from '../plain-failure.ts';

const USAGE =
  'Say: docket store check [esdb://...], or docket store allow <user> esdb://administrator:password@...';

/**
 * `docket store check [esdb://...]`. Exit codes: 0 the store has everything that Docket needs, 1 something is missing,
 * 2 wrong usage.
 * @throws PlainFailure USAGE, NOT_RUNNING; SettingsRefused when the connection string cannot be used
 */
export async function run(argv: readonly string[]): Promise<number> {
  const [action, given, ...more] = argv.filter((word) => !word.startsWith('--'));
  if (action === 'allow') return allow(argv, given, more);
  if (action !== 'check' || more.length > 0) throw usage(USAGE);
  const settings = loadSettings(process.env);
  const checked = await checkStore({
    connectionString: given ?? ownStore(settings),
    timeoutMs: settings.EVENTSTORE_TIMEOUT_MS,
    transport: settings.EVENTSTORE_TRANSPORT,
    log: createLog('docket', 'silent'),
  });
  const failed = checked.filter(({ ok }) => !ok).length;
  if (argv.includes('--json')) console.log(JSON.stringify({ ok: failed === 0, checks: checked }, null, 2));
  else print(checked, failed);
  return failed === 0 ? 0 : 1;
}

/**
 * `docket store allow <user> <esdb://administrator...>`: gives a user the right to read `$all`, the only special right
 * that Docket's user needs.
 */
async function allow(
  argv: readonly string[],
  user: string | undefined,
  [connectionString, ...more]: readonly string[],
): Promise<number> {
  if (user === undefined || connectionString === undefined || more.length > 0) throw usage(USAGE);
  const readers = await allowToReadAll(connectionString, user).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw new PlainFailure('STORE_REFUSED', `The event store did not accept the new rights: ${why}`, {
      cause: error,
    });
  });
  if (argv.includes('--json')) console.log(JSON.stringify({ readers }, null, 2));
  else console.log(`${readers.join(', ')} may read $all.`);
  return 0;
}

/**
 * The store of the settings or of a running Docket. It never starts the store of a stopped Docket, because the events
 * of a check would stay in its log for ever.
 */
function ownStore(settings: Settings): string {
  const url = settings.EVENTSTORE_URL ?? notedConnections(resolve(settings.DATA_DIR)).EVENTSTORE_URL;
  if (url) return url;
  throw new PlainFailure(
    'NOT_RUNNING',
    'Name a store: give its connection string, set EVENTSTORE_URL, or start Docket.',
  );
}

function print(checked: readonly Checked[], failed: number): void {
  const width = Math.max(...checked.map(({ name }) => name.length));
  for (const { name, ok, note, ms } of checked)
    console.log(`${ok ? 'ok    ' : 'FAILED'}  ${name.padEnd(width)}  ${`${ms} ms`.padStart(8)}  ${note}`);
  console.log(
    failed === 0
      ? 'This event store has everything that Docket needs.'
      : `${failed} of ${checked.length} checks failed: Docket cannot run on this event store as it is.`,
  );
}
