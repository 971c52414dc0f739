import type { EventLog } from '../../event-store/event-log.ts';
import { rebuildProjections } from '../../projector/rebuild.ts';
import { PROJECTIONS, projectionNamed, type RegisteredProjection } from '../../projector/registry.ts';
import { buildVersion } from '../../projector/versions/build.ts';
import { compareVersions, type Comparison } from '../../projector/versions/compare.ts';
import { dropVersion } from '../../projector/versions/drop.ts';
import { ledgerVersions, rebuildNumber, VersionRefused } from '../../projector/versions/ledger.ts';
import { rollbackVersion, switchVersion, type Switched } from '../../projector/versions/switch.ts';
import { openReadStore, type ReadStore } from '../../read-store/pool.ts';
import { createLog, type Log } from '../../runtime/log/log.ts';
import { loadSettings } from '../../runtime/settings/settings.ts';
import { findConnection } from '../connections.ts';
import { openLog } from '../open-stores.ts';
import { INTERRUPTED_EXIT_CODE, interruptSignal } from '../stop-asked.ts';
import { usage } from '../plain-failure.ts';
import { progressOn } from '../progress.ts';

const ACTIONS = ['list', 'build', 'compare', 'switch', 'rollback', 'drop', 'rebuild'] as const;
/** Longest time of a statement in ms. It is long, because one statement of a comparison reads many rows. */
const STATEMENT_TIMEOUT_MS = 120_000;

interface Asked {
  readonly action: (typeof ACTIONS)[number];
  readonly name: string | null;
  readonly version: number | null;
  readonly accepted: ReadonlySet<string>;
  readonly json: boolean;
}

interface Parts {
  readonly asked: Asked;
  readonly log: EventLog;
  readonly store: ReadStore;
  readonly url: string;
  readonly logger: Log;
  readonly stop: AbortSignal;
}

/** `docket projection list|build|compare|switch|rollback|drop|rebuild`. */
export async function run(argv: readonly string[]): Promise<number> {
  const asked = understand(argv);
  const settings = loadSettings(process.env);
  const url = findConnection(settings, 'DATABASE_URL');
  const logger = createLog('docket', 'error');
  const log = openLog(settings, logger);
  const store = openReadStore({ url, poolMax: 2, timeoutMs: STATEMENT_TIMEOUT_MS, log: logger });
  const stop = interruptSignal('The tables in use are unchanged.');
  try {
    return await act({ asked, log, store, url, logger, stop });
  } finally {
    await Promise.all([log.close(), store.close()]);
  }
}

/**
 * Reads the arguments.
 * @throws PlainFailure
 */
function understand(argv: readonly string[]): Asked {
  const [action, ...rest] = argv;
  if (!ACTIONS.some((known) => known === action))
    throw usage(`Say what to do: docket projection ${ACTIONS.join('|')}.`);
  const named: string[] = [];
  const accepted = new Set<string>();
  for (let index = 0; index < rest.length; index += 1) {
    const argument = rest[index]!;
    if (argument === '--json') continue;
    if (argument === '--accept') for (const key of (rest[(index += 1)] ?? '').split(',')) accepted.add(key);
    else if (argument.startsWith('--'))
      throw usage(`${JSON.stringify(argument)} is not an argument of this command.`);
    else named.push(argument);
  }
  const [name = null, version = null] = named;
  if (named.length > 2 || (version !== null && !/^\d{1,9}$/.test(version)))
    throw usage('A version is a number: docket projection drop jobs 2.');
  if (name === null && action !== 'list' && action !== 'rebuild')
    throw usage(`Name the projection: docket projection ${action} jobs.`);
  if (name !== null && !projectionNamed(name))
    throw usage(
      `There is no projection ${JSON.stringify(name)}: ${[...new Set(PROJECTIONS.map((each) => each.name))].join(', ')}.`,
    );
  return {
    action: action as Asked['action'],
    name,
    version: version === null ? null : Number(version),
    accepted,
    json: rest.includes('--json'),
  };
}

/** The requested version, or the newest that this build knows. */
function chosen({ name, version }: Asked): RegisteredProjection {
  const known = PROJECTIONS.filter((each) => each.name === name);
  const found = version === null ? known.at(-1) : known.find(({ target }) => target.version === version);
  if (!found) throw new VersionRefused(`This build does not know version ${version} of projection ${name}.`);
  return found;
}

/**
 * The versions that readers see now, of all projections or of the named projection. Versions that this build does not
 * know are left out.
 */
async function inUse(store: ReadStore, only: string | null): Promise<readonly RegisteredProjection[]> {
  const current = (await ledgerVersions(store)).filter(
    ({ name, isCurrent }) => isCurrent && (only === null || name === only),
  );
  return PROJECTIONS.filter((each) =>
    current.some(({ name, version }) => name === each.name && version === each.target.version),
  );
}

async function act(parts: Parts): Promise<number> {
  switch (parts.asked.action) {
    case 'list':
      return list(parts);
    case 'build':
      return build(parts);
    case 'rebuild':
      return rebuild(parts);
    case 'compare':
      return compare(parts);
    case 'switch':
      return switched(parts, await switchVersion(parts.store, chosen(parts.asked), parts.asked.accepted));
    case 'rollback':
      return switched(parts, await rollbackVersion(parts.store, parts.asked.name!, PROJECTIONS));
    case 'drop':
      await dropVersion(parts.store, chosen(parts.asked));
      return said(parts, { dropped: parts.asked.version }, 'Its tables are removed.');
    default:
      return parts.asked.action satisfies never;
  }
}

function said({ asked }: Parts, object: object, sentence: string, code = 0): number {
  console.log(asked.json ? JSON.stringify(object, textOfBigint, 2) : sentence);
  return code;
}

async function list(parts: Parts): Promise<number> {
  const head = await parts.log.head();
  const versions = (await ledgerVersions(parts.store)).filter(
    ({ name }) => parts.asked.name === null || name === parts.asked.name,
  );
  const lines = versions.map(({ name, version, isCurrent, builtAt, leftAt, position, heldStreams }) => {
    const state = isCurrent
      ? 'in use'
      : builtAt === null
        ? 'being built'
        : leftAt === null
          ? 'beside'
          : 'left';
    const known = PROJECTIONS.some(
      (each) => each.name === name && [version, rebuildNumber(version)].includes(each.target.version),
    );
    return { name, version, state, position, behind: head - (position ?? 0n), heldStreams, known };
  });
  const text = lines.map(
    ({ name, version, state, position, behind, heldStreams, known }) =>
      `${name} ${Math.abs(version)}  ${version < 0 ? 'being built again' : state}  at ${position ?? 'the start'}, the log's end is ${behind} bytes on` +
      `${heldStreams > 0 ? `, ${heldStreams} streams held` : ''}${known ? '' : '  (not known to this build)'}`,
  );
  return said(parts, { head, versions: lines }, text.join('\n'));
}

async function build(parts: Parts): Promise<number> {
  const { log, url, logger, stop } = parts;
  const progress = progressOn(process.stderr, 'building, events:');
  const projection = chosen(parts.asked);
  const head = await log.head();
  const onProgress = (position: bigint, count: number) =>
    progress.show(count, position > 0n ? Math.round(count * (Number(head) / Number(position))) : null);
  const built = await buildVersion({ projection, log, url, logger, stop, onProgress });
  progress.end();
  const { name, target } = projection;
  if (built.outcome === 'stopped')
    return said(
      parts,
      built,
      'Stopped. The tables that readers use are unchanged. The next build starts again.',
      INTERRUPTED_EXIT_CODE,
    );
  const held = built.heldStreams > 0 ? ` ${built.heldStreams} streams are held in quarantine.` : '';
  return said(
    parts,
    built,
    `Version ${target.version} of projection ${name} is built up to ${built.position}.${held}`,
  );
}

async function rebuild(parts: Parts): Promise<number> {
  const { log, url, logger, stop } = parts;
  const progress = progressOn(process.stderr, 'rebuilding, bytes of the log:');
  const head = await log.head();
  const onProgress = (position: bigint) => progress.show(Number(position), Number(head));
  const projections =
    parts.asked.version === null ? await inUse(parts.store, parts.asked.name) : [chosen(parts.asked)];
  const rebuilt = await rebuildProjections({ projections, log, url, logger, onProgress, stop });
  progress.end();
  const each = rebuilt.map((built, index) => ({ projection: projections[index]!.name, ...built }));
  const sentences = each.map(({ projection, position, heldStreams }) => {
    const held = heldStreams > 0 ? ` ${heldStreams} streams are in quarantine.` : '';
    return `Projection ${projection} is rebuilt up to ${position}; the new tables are in use.${held}`;
  });
  return said(parts, each, sentences.join('\n'));
}

async function compare(parts: Parts): Promise<number> {
  const { store, log, stop } = parts;
  const progress = progressOn(process.stderr, 'comparing, keys:');
  const to = chosen(parts.asked);
  const current = (await ledgerVersions(store)).find(({ name, isCurrent }) => name === to.name && isCurrent);
  const from = PROJECTIONS.find((each) => each.name === to.name && each.target.version === current?.version);
  if (!from)
    throw new VersionRefused(`The version of projection ${to.name} in use is not known to this build.`);
  if (from === to)
    throw new VersionRefused(`Version ${to.target.version} of projection ${to.name} is the one in use.`);
  const { rows } = await store.query<{ keys: string }>(
    `select greatest(reltuples, 0)::bigint as keys from pg_class where oid = to_regclass($1)`,
    [`${from.target.schema}.${from.compared.rows}`],
  );
  const total = Number(rows[0]?.keys ?? 0);
  const onProgress = (count: number) => progress.show(count, total);
  const comparison = await compareVersions({ store, log, from, to, onProgress, stop });
  progress.end();
  return said(parts, comparison, sentenceOf(comparison), codeOf(comparison, stop));
}

function codeOf({ differences, complete }: Comparison, stop: AbortSignal): number {
  if (stop.aborted) return INTERRUPTED_EXIT_CODE;
  return differences.length === 0 && complete ? 0 : 1;
}

function sentenceOf({ from, to, compared, differences, complete }: Comparison): string {
  if (differences.length === 0) return `${compared} keys: version ${to} equals version ${from}.`;
  const lines = differences.map(({ key, tables, event }) => {
    const where = event
      ? `part at revision ${event.revision}, position ${event.position}, ${event.type}`
      : 'the folds agree: a table does not hold what its fold makes';
    return `  ${key}: ${tables.join(', ')}; ${where}`;
  });
  const more = complete ? '' : '\n  and more';
  return `${compared} keys: version ${to} differs from version ${from} in ${differences.length}:\n${lines.join('\n')}${more}`;
}

function switched(parts: Parts, { from, to, position }: Switched): number {
  return said(
    parts,
    { from, to, position },
    `Readers see version ${to} instead of ${from}, from position ${position} on; sockets got a snapshot.`,
  );
}

function textOfBigint(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
