import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JobListAnswer } from '../../schemas/protocols/http-api.ts';
import type { ServerFrame } from '../../schemas/protocols/live-protocol.ts';
import {
  noRows,
  openLive,
  rowsOf,
  takeIn,
  type LiveRows,
  type LiveTester,
} from '../../tests/harness/live-tester.ts';
import { projectInto, type Projection } from '../../tests/harness/projected-jobs.ts';
import { startQueryInstallation, type QueryInstallation } from '../../tests/harness/query-installation.ts';

/**
 * How a client reconnects. `token` is the protocol's way; the two others are common alternatives. All get the same
 * server, changes and disconnects. The alternatives show that this test can fail.
 */
type Design = 'token' | 'resubscribe only' | 'fetch, then subscribe';

const JOBS_EACH = 5;
const STATES = ['queued', 'converting', 'waiting', 'ready', 'failed'] as const;

let projection: Projection;
let installation: QueryInstallation;
beforeAll(async () => {
  installation = await startQueryInstallation({ withLog: false });
  projection = projectInto(installation.store);
  await projection.write([]);
}, 60_000);
afterAll(() => installation.stop());

const pick = <Value>(from: readonly Value[]) => from[Math.floor(Math.random() * from.length)] as Value;

/** A client that loses its connection and reconnects. Its design decides which rows it keeps. */
function createClient(design: Design) {
  const owner = installation.newOwner();
  const jobIds = Array.from({ length: JOBS_EACH }, () => randomUUID());
  const held: LiveRows = noRows();
  const seen = { foreign: 0, everHeld: false };
  let tester: LiveTester | null = null;

  const fetchRows = async (): Promise<void> => {
    const { jobs } = await installation.json<JobListAnswer>('/api/jobs?limit=200', owner);
    held.rows.clear();
    for (const job of jobs) held.rows.set(job.jobId, job);
  };
  const hear = (frame: ServerFrame): void => {
    if (JSON.stringify(frame).replaceAll(`of-${owner}.pdf`, '').includes('.pdf')) seen.foreign += 1;
    if (design === 'token') return takeIn(held, frame);
    // The alternative designs know only changes, so the first snapshot does not reach them.
    const isFirstList = frame.type === 'snapshot' && design === 'resubscribe only' && !seen.everHeld;
    if (frame.type !== 'delta' && !isFirstList) return;
    seen.everHeld = true;
    for (const row of rowsOf(frame)) held.rows.set(row.jobId, row);
  };
  return {
    owner,
    jobIds,
    held,
    seen,
    /** @param between runs between the fetch and the subscription, in a design with a fetch */
    connect: async (between: () => Promise<unknown> = () => Promise.resolve()): Promise<void> => {
      if (design === 'fetch, then subscribe') await fetchRows();
      await between();
      tester = await openLive(installation, owner);
      tester.socket.on('message', (message: Buffer) => hear(JSON.parse(message.toString()) as ServerFrame));
      const token = design === 'token' ? held.token : null;
      tester.send({ type: 'subscribe', id: 1, topic: 'jobs', ...(token ? { token } : {}) });
    },
    cut: (): void => {
      tester?.socket.removeAllListeners('message');
      tester?.socket.terminate();
      held.building = false;
    },
    /** True when the client shows exactly the table. */
    isRight: async (): Promise<boolean> => {
      const { jobs } = await installation.json<JobListAnswer>(
        `/api/jobs?limit=200&atLeast=${projection.position()}`,
        owner,
      );
      return (
        jobs.length === held.rows.size &&
        jobs.every((job) => held.rows.get(job.jobId)?.position === job.position)
      );
    },
  };
}

/**
 * Runs a number of clients, each disconnected at random moments while the rows change. Returns the clients with wrong
 * rows.
 */
async function survive(design: Design, clientCount: number, cutsEach: number) {
  const clients = Array.from({ length: clientCount }, () => createClient(design));
  const jobOf = (client: (typeof clients)[number]) => ({
    jobId: pick(client.jobIds),
    owner: client.owner,
    filename: `of-${client.owner}.pdf`,
    state: pick(STATES),
  });
  await projection.write(clients.map(jobOf));
  let moving = true;
  const mover = (async () => {
    while (moving) {
      await projection.write(Array.from({ length: 10 }, () => jobOf(pick(clients))));
      await sleep(Math.random() * 6);
    }
  })();
  let cuts = 0;
  const live = async (client: (typeof clients)[number]): Promise<void> => {
    for (let cut = 0; cut < cutsEach; cut += 1) {
      await client.connect(() => sleep(Math.random() * 10));
      await sleep(Math.random() * 120);
      client.cut();
      cuts += 1;
      if (cuts === Math.floor((clientCount * cutsEach) / 2)) await projection.newEpoch();
    }
  };
  await Promise.all(clients.map(live));
  moving = false;
  await mover;
  // One change surely comes while the clients reconnect for the last time.
  for (const client of clients) await client.connect(() => projection.write([jobOf(client)]));
  let wrong = clients;
  for (let tries = 0; wrong.length > 0 && tries < (design === 'token' ? 100 : 5); tries += 1) {
    await sleep(50);
    const right = await Promise.all(wrong.map((client) => client.isRight()));
    wrong = wrong.filter((_client, index) => !right[index]);
  }
  for (const client of clients) client.cut();
  return {
    cuts,
    wrong: wrong.length,
    faults: clients.flatMap(({ held }) => held.faults),
    foreign: clients.reduce((sum, { seen }) => sum + seen.foreign, 0),
  };
}

describe('clients that are cut at random moments', () => {
  it('100 of them, cut 1,000 times, each end with exactly the table and never see another’s job [I9][D12]', async () => {
    expect(await survive('token', 100, 10)).toEqual({ cuts: 1_000, wrong: 0, faults: [], foreign: 0 });
  }, 120_000);

  it.each(['resubscribe only', 'fetch, then subscribe'] as const)(
    'that %s do not: the same test finds every one of them wrong',
    async (design) => {
      expect(await survive(design, 12, 5)).toMatchObject({ cuts: 60, wrong: 12, foreign: 0 });
    },
    60_000,
  );
});
