import { isActive } from '../schemas/job-states.ts';
import { jobIdOfStream } from '../schemas/events/streams.ts';
import { bootCommandApi, type CommandApi } from './actors/command-api.ts';
import { OWNERS, startClients, type Clients, type Reached } from './actors/clients.ts';
import {
  bootRetention,
  drawRetention,
  keepsAll,
  sweepAll,
  type RetentionSettings,
} from './actors/retention.ts';
import { startLiveClient, type LiveClient } from './actors/live-client.ts';
import { bootProcessor } from './actors/processor.ts';
import { bootProjector } from './actors/projector.ts';
import { bootQueryApi, type QueryApi } from './actors/query-api.ts';
import { poison } from './actors/poison.ts';
import type { Composition } from './composition.ts';
import { createWorld, type Life, type Machine, type World } from './engine/world.ts';
import { deciderOf, type Installation } from './installation.ts';
import { createBlobServer } from './ports/blob-server.ts';
import { createLogServer } from './ports/log-server.ts';
import { createRetentionServer } from './ports/retention-lease.ts';
import { createTableServer } from './ports/table-server.ts';
import { createWorkListServer } from './ports/work-list-server.ts';
import { checkNothingLeft, checkStreams } from './promises/at-the-end.ts';
import { checkTables, rebuild, sees } from './promises/read-side.ts';
import { countGatewayCalls } from './promises/gateway-calls.ts';
import { keepRecords, type Records } from './records/records.ts';

/** The outcome of one world. */
export interface Outcome {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly trace: readonly string[];
  /** Counts of what happened in the world. */
  readonly figures: {
    readonly events: number;
    readonly jobs: number;
    readonly crashes: number;
    readonly steps: number;
    readonly virtualMs: number;
    readonly byState: Readonly<Record<string, number>>;
  };
}

const STORM_MS = 7_000;
/** After the faults end, everything must come to rest within this much simulated time. */
const SETTLE_MS = 240_000;
const CHECK_EVERY_MS = 250;
/** A request whose caller no longer waits arrives within this time. */
const STRAGGLERS_MS = 1_600;
const READERS: ReadonlySet<string> = new Set(['projector', 'query-1']);

/** Runs one world from its seed to its end. The same seed and composition always give the same outcome. */
export async function simulate(
  seed: number,
  composition: Composition,
  { traced } = { traced: false },
): Promise<Outcome> {
  const world = createWorld(seed, traced);
  const installation = buildInstallation(world, composition);
  const records = keepRecords(world, installation.log, installation.blobs);
  const checkCalls = countGatewayCalls(world, installation.log, installation.gateway);
  const keeping = drawRetention(installation);
  const { machines, clients, browsers } = startMachines(installation, records, keeping);
  let byState: Record<string, number> = {};
  try {
    storm(installation, machines, clients, keeping);
    await world.run(STORM_MS, () => false);
    world.clearUp();
    const rest = atRest(installation, records, clients, browsers);
    const settled = (await world.run(STORM_MS + SETTLE_MS, rest)) && (await closeDown(world, machines, rest));
    for (const machine of machines) world.stop(machine);
    await lastSweep(installation, { overdue: false });
    if (!settled) reportUnsettled(installation, clients, browsers);
    checkCalls();
    checkStreams(installation, records);
    checkTables(installation, records);
    byState = statesOf(records);
    await lastSweep(installation, { overdue: true });
    checkNothingLeft(installation);
  } catch (error) {
    world.broken('0 no crash', error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  return outcomeOf(seed, installation, records, byState);
}

function buildInstallation(world: World, composition: Composition): Installation {
  const log = createLogServer(world);
  const retention = createRetentionServer(world);
  return {
    world,
    composition,
    log,
    decider: deciderOf(composition),
    blobs: createBlobServer(world),
    workList: createWorkListServer(world, () => retention.forget()),
    retention,
    tables: createTableServer(
      world,
      () => log.head(),
      () => log.generation(),
    ),
    gateway: { calls: [] },
    downloads: new Map(),
  };
}

interface Inhabitants {
  readonly machines: readonly Machine[];
  readonly clients: Clients;
  readonly browsers: readonly LiveClient[];
}

function startMachines(
  installation: Installation,
  records: Records,
  keeping: RetentionSettings,
): Inhabitants {
  const { world } = installation;
  const reached = <Service>(
    name: string,
    boot: (installation: Installation, life: Life) => Service,
  ): Reached<Service> => {
    const entry = { service: null } as { service: Service | null; machine: Machine };
    entry.machine = world.start(name, (life) => (entry.service = boot(installation, life)));
    return entry;
  };
  const apis: Reached<CommandApi>[] = ['api-1', 'api-2'].map((name) => reached(name, bootCommandApi));
  const query = reached('query-1', bootQueryApi);
  const queries: Reached<QueryApi>[] = [query];
  const processors = ['proc-1', 'proc-2'].map((name) =>
    world.start(name, (life) => bootProcessor(installation, life, name)),
  );
  const projector = world.start('projector', (life) => bootProjector(installation, life));
  const retentionProcesses = ['retention-1', 'retention-2'].map((name) =>
    world.start(name, (life) => bootRetention(installation, life, keeping)),
  );
  const clients = startClients(world, apis, queries, records);
  const browsers = OWNERS.map((owner) => startLiveClient(world, owner, query));
  const all = [...apis, ...queries]
    .map(({ machine }) => machine)
    .concat(processors, projector, retentionProcesses);
  return { machines: all, clients, browsers };
}

/** Starts the actions of the users in the first seconds, and the crashes at random times. */
function storm(
  installation: Installation,
  machines: Inhabitants['machines'],
  clients: Clients,
  keeping: RetentionSettings,
): void {
  const { world } = installation;
  const { random } = world;
  for (let left = 4 + random.int(9); left > 0; left -= 1)
    world.later(random.between(0, STORM_MS), () => clients.act());
  for (let left = random.int(4); left > 0; left -= 1)
    world.later(random.between(500, STORM_MS), () =>
      world.crash(random.pick(machines).life, 'for no reason'),
    );

  for (let left = random.int(3); left > 0; left -= 1) {
    const forMs = random.between(500, 8_000);
    world.later(random.between(500, STORM_MS), () => world.freeze(random.pick(machines).life, forMs));
  }
  for (let left = random.chance(0.3) ? 1 + random.int(4) : 0; left > 0; left -= 1)
    world.later(random.between(0, STORM_MS), () => poison(installation));
  // A file that retention removed does not return with an older log. So a copy is restored only if no file is removed.
  if (keepsAll(keeping) && random.chance(0.5))
    world.later(random.between(2_500, STORM_MS), () => restoreOlderLog(installation, machines));
  if (random.chance(0.15))
    world.later(random.between(2_000, STORM_MS), () => {
      world.trace.say('operator', () => 'rebuilds the tables and switches to them');
      installation.tables.switchTo(rebuild(installation, installation.tables.checkpoint() ?? -1n));
    });
}

/**
 * Stops Docket, puts an older copy of the log back, and starts Docket again. Postgres and the blobs are not changed.
 */
function restoreOlderLog({ world, log }: Installation, machines: Inhabitants['machines']): void {
  const length = world.random.pick(log.ends);
  world.trace.say(
    'operator',
    () => `puts back the log as it was after ${length} of ${log.all.length} events`,
  );
  for (const { life } of machines) world.crash(life, 'to have the log replaced');
  log.restore(length);
}

/**
 * Stops the services in order. First the services that take requests stop, and requests in flight are completed. Then
 * all services that write stop. The services that read stop last, because they must still show everything that was in
 * flight.
 */
async function closeDown(world: World, machines: readonly Machine[], rest: () => boolean): Promise<boolean> {
  for (const leaving of [isFrontDoor, isWriter]) {
    for (const machine of machines) if (leaving(machine)) world.stop(machine);
    await world.run(world.nowMs() + STRAGGLERS_MS, () => false);
    if (!(await world.run(world.nowMs() + SETTLE_MS, rest))) return false;
  }
  return true;
}

const isFrontDoor = ({ name }: Machine): boolean => name.startsWith('api-');
const isWriter = ({ name }: Machine): boolean => !READERS.has(name);

/** True when all work is over and all services show the same state. */
function atRest(
  installation: Installation,
  records: Records,
  clients: Clients,
  browsers: readonly LiveClient[],
): () => boolean {
  let nextCheckMs = 0;
  return () => {
    const nowMs = installation.world.nowMs();
    if (nowMs < nextCheckMs) return false;
    nextCheckMs = nowMs + CHECK_EVERY_MS;
    const isOver = [...records.jobs.values()].every((job) => job.state === 'absent' || !isActive(job.state));
    return (
      isOver &&
      clients.busy() === 0 &&
      isCaughtUp(installation) &&
      browsers.every((each) => sees(installation, each))
    );
  };
}

function isCaughtUp({ log, tables, workList }: Installation): boolean {
  const last = log.all.findLast(({ stream }) => jobIdOfStream(stream) !== null)?.position ?? 0n;
  const checkpoint = tables.checkpoint() ?? -1n;
  // A checkpoint beyond the head belongs to the replaced log. The projector has not started over yet.
  return (
    checkpoint >= last &&
    checkpoint <= log.head() &&
    [...workList.rows.values()].every(
      ({ place, jobId }) => place === 'done' || log.foreign.has(`job-${jobId}`),
    )
  );
}

/** Runs retention once more over everything, after all processes have stopped. */
async function lastSweep(installation: Installation, { overdue }: { overdue: boolean }): Promise<void> {
  const { world } = installation;
  let over = false;
  const isEmpty = installation.log.head() === 0n;
  const files = installation.blobs.blobs.size;
  world.start(overdue ? 'last-expiry' : 'last-sweep', (life) => {
    void sweepAll(installation, life, overdue).then(() => (over = true));
  });
  if (!(await world.run(world.nowMs() + 60_000, () => over)))
    world.broken('1 final', 'the last sweep does not end');
  if (isEmpty && installation.blobs.blobs.size < files)
    world.broken('6 cleanup', 'files were removed although the log is empty');
}

function reportUnsettled(
  installation: Installation,
  clients: Clients,
  browsers: readonly LiveClient[],
): void {
  const { world } = installation;
  if (clients.busy() > 0) world.broken('1 final', `${clients.busy()} requests never came to an end`);
  if (!isCaughtUp(installation)) world.broken('4 tables', 'the read side or the work list never caught up');
  for (const browser of browsers)
    if (!sees(installation, browser))
      world.broken('7 sockets', `${browser.owner} does not see what is in the tables`);
}

function statesOf(records: Records): Record<string, number> {
  const byState: Record<string, number> = {};
  for (const { state } of records.jobs.values()) byState[state] = (byState[state] ?? 0) + 1;
  return byState;
}

/**
 * Counts what happened in the world.
 * @param byState the number of jobs by state, before the files of every job expired
 */
function outcomeOf(
  seed: number,
  installation: Installation,
  records: Records,
  byState: Readonly<Record<string, number>>,
): Outcome {
  const { world } = installation;
  const figures = {
    events: installation.log.all.length,
    jobs: records.jobs.size,
    crashes: world.crashes(),
    steps: world.steps(),
    virtualMs: Math.round(world.nowMs()),
    byState,
  };
  return { seed, violations: world.violations, trace: world.trace.lines(), figures };
}
