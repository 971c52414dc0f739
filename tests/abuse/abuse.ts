import { readdir, stat } from 'node:fs/promises';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { makeInvoicePdf } from '../rooms/gateway/invoice-pdf.ts';
import { rssOf } from '../drills/service-process.ts';
import { startInstallation, type Installation } from '../harness/installation.ts';
import { newApiUser, until } from '../harness/api-user.ts';
import { runDocket } from '../harness/run-docket.ts';
import { kindsOfAbuse, send, type OwnJob } from './requests.ts';

/** Number of requests of one address in an hour, at the product's own limit. */
export const HOUR_REQUESTS = 360_000;
/** Most bytes that such an hour may leave in the log. */
export const LOG_GROWTH_BYTES_MAX = 50 * 1024 * 1024;
/**
 * Most bytes that a process may grow from the second to the last fifth of the requests. A larger growth means that
 * the process keeps growing.
 */
export const RSS_GROWTH_BYTES_MAX = 40 * 1024 * 1024;

const AT_ONCE = 24;
const SAMPLES = 50;
const READY_MS_MAX = 120_000;
const SCAVENGE_MS_MAX = 600_000;

/** The used bytes at one moment. */
export interface Sample {
  readonly requests: number;
  readonly logBytes: number;
  /** Resident memory of each process of the installation. */
  readonly rss: Readonly<Record<string, number>>;
}

export interface Abusing {
  readonly requests: number;
  readonly onSample?: ((sample: Sample) => void) | undefined;
  readonly enough?: AbortSignal | undefined;
}

export interface Abused {
  /** Number of requests that were sent. */
  readonly requests: number;
  readonly tookSec: number;
  /** Number of answers by kind of request and status. */
  readonly answers: Readonly<Record<string, number>>;
  /** Wrong answers, by kind of request and status. */
  readonly wrong: Readonly<Record<string, number>>;
  readonly samples: readonly Sample[];
  readonly logBytes: { readonly before: number; readonly after: number; readonly scavenged: number };
}

/**
 * Sends `requests` of an anonymous client to a new installation, as fast as it accepts them, then scavenges the log.
 * The rate limits are off, so that the requests of an hour take less than an hour.
 *
 * @param abusing.enough aborted to end the sending; the requests up to then are judged
 */
export async function abuse(abusing: Abusing): Promise<Abused> {
  const env = {
    NODE_ENV: 'development',
    LOG_LEVEL: 'warn',
    SCAVENGE_EVERY_HOURS: '0',
    REQUEST_RATE_PER_MINUTE: '10000000',
    UPLOAD_RATE_PER_MINUTE: '1000000',
  };
  const installation = await startInstallation({ env });
  try {
    const own = await ownJob(installation);
    const before = await sampleOf(installation, 0);
    const startedAt = performance.now();
    const { sent, answers, wrong, samples } = await sendAll(installation, own, abusing);
    const tookSec = (performance.now() - startedAt) / 1_000;
    const after = await bytesUnder(logFolder(installation));
    const ran = await runDocket(['log', 'scavenge'], { DATA_DIR: installation.dataDir }, SCAVENGE_MS_MAX);
    if (ran.code !== 0) throw new Error(`the scavenge failed: ${ran.stderr}`);
    const scavenged = await bytesUnder(logFolder(installation));
    return {
      requests: sent,
      tookSec,
      answers,
      wrong,
      samples: [before, ...samples],
      logBytes: { before: before.logBytes, after, scavenged },
    };
  } finally {
    await installation.stop();
  }
}

async function ownJob(installation: Installation): Promise<OwnJob> {
  const user = await newApiUser(installation.url);
  const pdf = await makeInvoicePdf(1);
  const { answer } = await user.upload([{ filename: 'a.pdf', bytes: new Uint8Array(pdf) }]);
  const [result] = answer.results;
  if (result === undefined || !('jobId' in result)) throw new Error(`no job: ${JSON.stringify(answer)}`);
  const { jobId } = result;
  const isReady = async (): Promise<boolean> => (await user.job(jobId)).state === 'ready';
  await until('the job is ready', isReady, READY_MS_MAX);
  return { cookie: user.cookie(), jobId, pdf: Buffer.from(pdf) };
}

async function sendAll(
  installation: Installation,
  own: OwnJob,
  { requests, onSample, enough }: Abusing,
): Promise<Pick<Abused, 'answers' | 'wrong' | 'samples'> & { readonly sent: number }> {
  const kinds = kindsOfAbuse(own);
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  const answers: Record<string, number> = {};
  const wrong: Record<string, number> = {};
  const samples: Sample[] = [];
  const sampleEvery = Math.ceil(requests / SAMPLES);
  let next = 0;
  let sampling = Promise.resolve();
  const one = async (): Promise<void> => {
    while (next < requests && enough?.aborted !== true) {
      const n = next;
      next += 1;
      const asked = kinds[n % kinds.length]!();
      const status = await send(installation.url, asked, agent).catch((error: Error) => error.message);
      const line = `${asked.name}: ${status}`;
      answers[line] = (answers[line] ?? 0) + 1;
      if (status !== asked.status) wrong[line] = (wrong[line] ?? 0) + 1;
      if ((n + 1) % sampleEvery !== 0) continue;
      sampling = sampling
        .then(() => sampleOf(installation, n + 1))
        .then((sample) => {
          samples.push(sample);
          onSample?.(sample);
        });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  await sampling;
  agent.destroy();
  return { sent: next, answers, wrong, samples };
}

async function sampleOf(installation: Installation, requests: number): Promise<Sample> {
  const parts = await installation.parts();
  const rss = Object.fromEntries(Object.entries(parts).map(([name, pid]) => [name, rssOf(pid)]));
  return { requests, logBytes: await bytesUnder(logFolder(installation)), rss };
}

function logFolder(installation: Installation): string {
  return join(installation.dataDir, 'event-store');
}

async function bytesUnder(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true });
  // A file may be removed between the listing and the reading.
  const sizes = await Promise.all(names.map((name) => stat(join(folder, name)).catch(() => null)));
  return sizes.reduce((sum, each) => sum + (each?.isFile() ? each.size : 0), 0);
}

/**
 * Returns the growth of each process from the second to the last fifth of the samples: the difference of medians, in
 * bytes.
 */
export function rssGrowth(samples: readonly Sample[]): Record<string, number> {
  const fifth = Math.floor(samples.length / 5);
  const medianOf = (name: string, of: readonly Sample[]): number =>
    of.map(({ rss }) => rss[name] ?? 0).toSorted((a, b) => a - b)[of.length >> 1] ?? 0;
  const names = Object.keys(samples[0]?.rss ?? {});
  return Object.fromEntries(
    names.map((name) => [
      name,
      medianOf(name, samples.slice(-fifth)) - medianOf(name, samples.slice(fifth, 2 * fifth)),
    ]),
  );
}
