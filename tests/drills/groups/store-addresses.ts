import { setTimeout as sleep } from 'node:timers/promises';
import { startTestEventStore, type TestEventStore } from '../../harness/event-store.ts';
import { startFaultProxy, type FaultProxy } from '../../harness/fault-proxy.ts';
import { stretched } from '../../harness/machine-time.ts';
import { expectThat, within } from '../claims.ts';
import type { DrillInstallation } from '../drill-installation.ts';
import type { Drill } from '../drill.ts';
import { untilAllFinal } from '../job-streams.ts';
import { tryUpload, type Uploaded } from '../people.ts';

const UPLOAD_EVERY_MS = 125;
/** Longest time without an upload that is taken, after a leader hangs or dies: 5 s, of which 1 s is the machine's work. */
const GAP_MS_MAX = { waiting: 4_000, working: 1_000 };
/** How long a refusing store is watched, and what may come of it in that time. */
const WATCHED_MS = 4_000;
const CONNECTIONS_MAX = 60;
const REASON_MS_MAX = 10_000;

const admin = { name: 'admin', password: 'changeit', groups: ['$admins'] };
const docket = { name: 'docket', password: 'docket-secret', groups: [] };
const writer = { name: 'writer', password: 'writer-secret', groups: [] };

interface Gaps {
  readonly longestMs: number;
  readonly taken: number;
  readonly refused: number;
}

/** Uploads eight times a second for a while; the gap is the longest time between two that were taken. */
async function uploadsFor(installation: DrillInstallation, at: string, forMs: number): Promise<Gaps> {
  const beganMs = performance.now();
  let lastMs = beganMs;
  let longestMs = 0;
  let taken = 0;
  let refused = 0;
  const told: Promise<void>[] = [];
  const one = async (): Promise<void> => {
    const { jobId, status, text } = await tryUpload(installation, { at });
    if (jobId === null) {
      expectThat(status === 503, 'an upload that is not taken is told 503', text);
      refused += 1;
      return;
    }
    longestMs = Math.max(longestMs, performance.now() - lastMs);
    lastMs = performance.now();
    taken += 1;
  };
  for (; performance.now() - beganMs < forMs; await sleep(UPLOAD_EVERY_MS)) told.push(one());
  const endedMs = performance.now();
  await Promise.all(told);
  // The time without any until the end counts as a gap as well.
  longestMs = Math.max(longestMs, endedMs - lastMs);
  return { longestMs, taken, refused };
}

/** One event store at two addresses, which its gossip names each as the leader's; the leader goes, the other stays. */
async function leaderGoes(
  installation: DrillInstallation,
  go: (leader: FaultProxy) => void,
): Promise<string> {
  const nodes = await Promise.all([
    startFaultProxy(installation.eventStore.port),
    startFaultProxy(installation.eventStore.port),
  ]);
  const [one, two] = nodes;
  const api = await installation.serve(`cluster-api-${one.port}`, ['command-api'], {
    env: {
      EVENTSTORE_URL: `esdb://127.0.0.1:${one.port},127.0.0.1:${two.port}?tls=false`,
      EVENTSTORE_TIMEOUT_MS: '5000',
    },
  });
  try {
    const before = nodes.map((node) => node.bytes());
    await uploadsFor(installation, api.url, 1_000);
    const [byOne, byTwo] = nodes.map((node, n) => node.bytes() - before[n]!);
    go(byOne! >= byTwo! ? one : two);
    const gapMsMax = GAP_MS_MAX.waiting + stretched(GAP_MS_MAX.working);
    const { longestMs, taken, refused } = await uploadsFor(installation, api.url, gapMsMax + 3_000);
    expectThat(longestMs <= gapMsMax, `no gap is longer than ${gapMsMax} ms`, longestMs);
    const stopMs = await api.terminate();
    expectThat(
      !api.lastWords().includes('still open'),
      'nothing is open after the stop',
      api.lastWords().slice(-300),
    );
    await untilAllFinal(installation, 40_000);
    return `longest gap ${(longestMs / 1000).toFixed(1)} s, ${taken} taken, ${refused} told 503, stopped in ${(stopMs / 1000).toFixed(1)} s`;
  } finally {
    await api.kill();
    await Promise.all(nodes.map((node) => node.stop()));
  }
}

/** Checks a process whose store refuses it: the process ends with the reason, or answers 503 with the reason. */
async function refusedBy(
  installation: DrillInstallation,
  store: { readonly url: string; readonly proxy: FaultProxy },
  says: RegExp,
): Promise<string> {
  const before = store.proxy.connections();
  const api = await installation.serve(`refused-api-${before}`, ['command-api', 'projector'], {
    env: { EVENTSTORE_URL: store.url },
    unready: true,
  });
  try {
    const answers: (Uploaded | null)[] = [];
    for (const beganMs = performance.now(); performance.now() - beganMs < WATCHED_MS && api.isAlive();) {
      answers.push(await tryUpload(installation, { at: api.url }).catch(() => null));
      await sleep(200);
    }
    const told = answers.filter((answer) => answer !== null);
    expectThat(
      told.every(({ status }) => status === 503),
      'every upload is told 503',
      told.find(({ status }) => status !== 503),
    );
    // An ended process gave the reason in its last line. A living process gives the reason in its answers.
    await within(REASON_MS_MAX, `the reason is said: ${says.source}`, async () => {
      const said = await fetch(`${api.health}/ready`)
        .then((answer) => answer.text())
        .catch(() => api.lastWords());
      if (!says.test(said)) throw new Error(said.slice(0, 500));
      return true;
    });
    const connections = store.proxy.connections() - before;
    expectThat(connections <= CONNECTIONS_MAX, 'connections are few', connections);
    return api.isAlive() ? `${told.length} uploads told 503, ${connections} connections` : 'ended by name';
  } finally {
    await api.kill();
  }
}

async function storesThatRefuse(installation: DrillInstallation): Promise<string> {
  const store: TestEventStore = await startTestEventStore({
    tls: true,
    users: [admin, docket, writer],
    acl: { streams: { $all: { readRoles: ['docket', '$admins'] } } },
  });
  const proxy = await startFaultProxy(store.port);
  const { port } = proxy;
  const kinds: readonly (readonly [string, string, RegExp])[] = [
    ['no credentials', store.connectionStringAs({ user: null, port }), /requires a user/],
    [
      'wrong password',
      store.connectionStringAs({ user: { ...docket, password: 'wrong' }, port }),
      /with this password/,
    ],
    ['CA not trusted', store.connectionStringAs({ user: docket, caFile: null, port }), /not trusted/],
    ['no right to $all', store.connectionStringAs({ user: writer, port }), /no right for/],
  ];
  try {
    const told: string[] = [];
    for (const [name, url, says] of kinds)
      told.push(`${name}: ${await refusedBy(installation, { url, proxy }, says)}`);
    return told.join('; ');
  } finally {
    await proxy.stop();
    await store.stop();
  }
}

export const storeAddresses: readonly Drill[] = [
  {
    id: 'D55',
    title: 'event store that refuses: no user, wrong password, CA, $all',
    run: storesThatRefuse,
  },
  {
    id: 'D57',
    title: 'cluster leader hangs',
    run: (installation) => leaderGoes(installation, (leader) => (leader.fault.silent = true)),
  },
  {
    id: 'D58',
    title: 'cluster leader killed',
    run: (installation) =>
      leaderGoes(installation, (leader) => {
        leader.fault.refuse = true;
        leader.cut();
      }),
  },
];
