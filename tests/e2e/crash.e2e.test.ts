import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import WebSocket from 'ws';
import { makeInvoicePdf } from '../rooms/gateway/invoice-pdf.ts';
import type { JobView, TimelineAnswer } from '../../schemas/protocols/http-api.ts';
import { connectLive, type LiveClient } from '../../web/live-client/live-client.ts';
import { startInstallation, type Installation } from '../harness/installation.ts';
import { newApiUser, until, type ApiUser } from '../harness/api-user.ts';
import { runDocket } from '../harness/run-docket.ts';
import { sha256Of } from '../../schemas/sha256.ts';

const JOBS = 200;
const SETTLE_MS_MAX = 120_000;
/** Short leases, so that a test does not wait for the defaults; the ladder between them is the same. */
const QUICK = {
  PROCESSOR_BEAT_MS: '200',
  PROCESSOR_SILENT_MS: '1500',
  RETRY_BACKOFF_MS: '200',
  RETRY_BACKOFF_MAX_MS: '2000',
  RETRY_MAX_ATTEMPTS: '10',
  BREAKER_RESET_MS: '500',
};

let installation: Installation;
let user: ApiUser;
let invoice: Uint8Array;

beforeAll(async () => {
  invoice = await makeInvoicePdf(1);
  installation = await startInstallation({ env: QUICK });
  user = await newApiUser(installation.url);
}, 120_000);

/** The same invoice as another file: a comment after the end of a PDF changes its hash and nothing else. */
function copyOf(index: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat([invoice, Buffer.from(`\n% copy ${index}\n`)]));
}

afterAll(async () => {
  await installation.stop();
});

/** Uploads again and again until it is acknowledged: what a client does, and what must stay one job. */
async function uploadUntilAcknowledged(index: number): Promise<void> {
  const file = { filename: `invoice-${index}.pdf`, bytes: copyOf(index) };
  await until(
    `upload ${index} is acknowledged`,
    async () => {
      const answer = await user.upload([file]).catch(() => null);
      return answer?.status === 202 || answer?.status === 200;
    },
    60_000,
  );
}

async function uploadAll(from: number, count: number): Promise<void> {
  const indexes = Array.from({ length: count }, (_, offset) => from + offset);
  const lanes = Array.from({ length: 4 }, async () => {
    for (let next = indexes.shift(); next !== undefined; next = indexes.shift())
      await uploadUntilAcknowledged(next);
  });
  await Promise.all(lanes);
}

/** A client of the live queue whose connection is cut `cuts` times. */
function watchQueue(): {
  rows: () => ReadonlyMap<string, JobView>;
  cut: () => void;
  close: () => void;
  stepsBack: string[];
} {
  let rows: ReadonlyMap<string, JobView> = new Map();
  let socket: WebSocket | null = null;
  const stepsBack: string[] = [];
  class Session extends WebSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols, { origin: installation.url, headers: { cookie: user.cookie() } });
      // eslint-disable-next-line @typescript-eslint/no-this-alias
      socket = this;
      this.on('error', () => undefined);
    }
  }
  const client: LiveClient = connectLive({
    url: `${installation.url.replace('http', 'ws')}/api/live`,
    WebSocket: Session as unknown as typeof globalThis.WebSocket,
    random: () => 0.05,
  });
  const seen = new Map<string, number>();
  client.subscribe<JobView>('jobs', {
    keyOf: (row) => row.jobId,
    supersedes: (row, held) => row.revision > held.revision,
    onRows: (all) => {
      for (const [jobId, row] of all) {
        if (row.revision < (seen.get(jobId) ?? -1))
          stepsBack.push(`${jobId} went from ${seen.get(jobId)} to ${row.revision}`);
        seen.set(jobId, row.revision);
      }
      rows = all;
    },
  });
  return { rows: () => rows, cut: () => socket?.terminate(), close: () => client.close(), stepsBack };
}

async function expectAllReady(count: number): Promise<JobView[]> {
  let jobs: JobView[] = [];
  await until(
    `${count} jobs are ready`,
    async () => {
      jobs = await user.jobs().catch(() => []);
      return jobs.filter(({ state }) => state === 'ready').length === count;
    },
    SETTLE_MS_MAX,
  ).catch((error: unknown) => {
    const others = jobs
      .filter(({ state }) => state !== 'ready')
      .map(({ jobId, state, error: failure }) => ({ jobId, state, failure }));
    throw new Error(`${String(error)}: ${JSON.stringify(others.slice(0, 5))} of ${jobs.length}`);
  });
  return jobs;
}

/** One success in the log, and a download whose bytes have the hash that the log holds (promise 2). */
async function expectOneResult(job: JobView): Promise<void> {
  const timeline = (await (await user.request(`/api/jobs/${job.jobId}/timeline`)).json()) as TimelineAnswer;
  expect(timeline.entries.filter(({ type }) => type === 'ConversionSucceeded')).toHaveLength(1);
  const bytes = Buffer.from(await (await user.download(job.jobId)).arrayBuffer());
  expect(sha256Of(bytes)).toBe(job.result?.sha256);
}

/** Kills a part; one that a slow machine is still starting again after the kill before is waited for. */
async function killWhenUp(part: string): Promise<void> {
  await until(
    `${part} is up and killed`,
    async () => {
      const pid = (await installation.parts())[part];
      if (pid === undefined) return false;
      try {
        return process.kill(pid, 'SIGKILL');
      } catch {
        return false;
      }
    },
    60_000,
  );
}

describe('kill -9 of any process', () => {
  it('during 200 jobs loses none, converts none twice, and a socket client cut 100 times ends with the true rows [D19][D22][I1][I2][I5][I9]', async () => {
    const queue = watchQueue();
    const cutting = setInterval(() => queue.cut(), 250);
    const uploading = uploadAll(0, JOBS);
    for (const part of ['gateway', 'event-store', 'services', 'postgres', 'gateway', 'services']) {
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      await killWhenUp(part);
    }
    await uploading;
    const jobs = await expectAllReady(JOBS);
    for (let cuts = 0; cuts < 100; cuts += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      queue.cut();
    }
    clearInterval(cutting);
    expect(new Set(jobs.map(({ jobId }) => jobId)).size).toBe(JOBS);

    await until('the socket client has every row', async () => queue.rows().size === JOBS, 30_000);
    const truth = new Map((await user.jobs()).map((job) => [job.jobId, job]));
    await until(
      'the socket client is as the table',
      async () => [...truth].every(([id, job]) => queue.rows().get(id)?.revision === job.revision),
      30_000,
    );
    expect([...queue.rows().values()].toSorted((a, b) => (a.jobId < b.jobId ? -1 : 1))).toEqual(
      [...truth.values()].toSorted((a, b) => (a.jobId < b.jobId ? -1 : 1)),
    );
    expect(queue.stepsBack).toEqual([]);
    queue.close();

    for (const job of jobs) await expectOneResult(job);
    const verified = await runDocket(['verify', '--json'], { DATA_DIR: installation.dataDir });
    expect({ code: verified.code, output: verified.stdout }).toMatchObject({ code: 0 });
  }, 240_000);

  it('of the supervisor leaves work that the next start finishes [I1]', async () => {
    await uploadAll(JOBS, 20);
    await installation.halt('SIGKILL');
    const port = Number(new URL(installation.url).port);
    installation = await startInstallation({ dataDir: installation.dataDir, port, env: QUICK });
    await expectAllReady(JOBS + 20);
  }, 180_000);
});
