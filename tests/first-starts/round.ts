/**
 * Calls Docket during one first start, from the moment at which its port is known until all accepted uploads are
 * converted.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../cli/up/free-port.ts';
import { makeInvoicePdf } from '../rooms/gateway/invoice-pdf.ts';
import { newOwner, PLAIN_COOKIE, sealSession } from '../../identity/session-cookie.ts';
import { keysFor } from '../../identity/signing-keys.ts';
import type { JobView } from '../../schemas/protocols/http-api.ts';
import { isActive, type JobStateName } from '../../schemas/job-states.ts';
import { startInstallation } from '../harness/installation.ts';
import { openSocket, readList, upload, type Caller, type Outcome } from './calls.ts';

/** Pause after each answer. */
const CALL_EVERY_MS = 50;
/** Pause between uploads. It is longer, because each upload is a job that must be converted. */
const UPLOAD_EVERY_MS = 400;
/** Each of the three calls must get at least this many answers after the line "ready". */
const ANSWERS_AFTER_MIN = 4;
const READY_MS_MAX = 300_000;
const CONVERTED_MS_MAX = 300_000;

type Counts = Record<Outcome['kind'], number>;

/** The result of a first start. */
export interface Round {
  readonly readyMs: number;
  readonly before: Readonly<Counts>;
  readonly after: Readonly<Counts>;
  /** Uploads that were accepted, before and after the line; each was converted when there is no fault. */
  readonly uploads: number;
  /** The faults, one sentence each. */
  readonly faults: readonly string[];
}

/**
 * Starts Docket in a new folder. Before Docket says that it is ready, a call may be refused, get a 503, or work.
 * After that, every call works. Every accepted upload becomes Ready.
 *
 * @param seed another seed is another invoice
 */
export async function firstStart(seed: number): Promise<Round> {
  const secret = randomBytes(32).toString('base64url');
  const port = await freePort();
  const session = sealSession(newOwner(), keysFor([secret], 'session'), Date.now());
  const caller = { url: `http://localhost:${port}`, cookie: `${PLAIN_COOKIE}=${session}` };
  const calls = keepCalling(caller, await makeInvoicePdf(seed));
  const startedAt = performance.now();
  let installation;
  try {
    installation = await startInstallation({
      port,
      env: { SESSION_SECRET: secret, GATEWAY_CHILDREN: '2' },
      readyMsMax: READY_MS_MAX,
    });
  } catch (error) {
    await calls.end();
    throw error;
  }
  const readyMs = performance.now() - startedAt;
  try {
    calls.saidReady();
    await calls.end(ANSWERS_AFTER_MIN);
    const jobIds = [...calls.jobIds];
    const unconverted = await untilConverted(caller, jobIds);
    const { before, after, faults } = calls;
    return { readyMs, before, after, uploads: jobIds.length, faults: [...faults, ...unconverted] };
  } finally {
    await installation.stop();
  }
}

/** Repeats the three calls, each in its own loop. */
function keepCalling(caller: Caller, pdf: Buffer) {
  const before = noCounts();
  const after = noCounts();
  const faults: string[] = [];
  const jobIds = new Set<string>();
  let isReady = false;
  let endAfter = Infinity;
  let uploads = 0;
  /**
   * A start listens on its port for a moment to see that it is free. A client that connects in this moment is cut
   * off, which counts like a refusal. After the first answer, a connection that is cut off is a fault.
   */
  const asRefused = (outcome: Outcome): Outcome => {
    const isAnswered = before.waits + before.works > 0 || isReady;
    return outcome.kind === 'fault' && outcome.isReset && !isAnswered ? { kind: 'refused' } : outcome;
  };
  const again = async (call: () => Promise<Outcome>, everyMs: number): Promise<void> => {
    for (let answersAfter = 0; answersAfter < endAfter; await sleep(everyMs)) {
      const begunAfter = isReady;
      const outcome = asRefused(await call());
      (begunAfter ? after : before)[outcome.kind] += 1;
      const when = begunAfter ? 'after the line' : 'before the line';
      if (outcome.kind === 'fault') faults.push(`${outcome.what} (${when})`);
      else if (begunAfter && outcome.kind !== 'works') faults.push(`${call.name} ${outcome.kind} ${when}`);
      if (begunAfter) answersAfter += 1;
      else if (endAfter === 0) return;
    }
  };
  const list = (): Promise<Outcome> => readList(caller);
  const socket = (): Promise<Outcome> => openSocket(caller);
  const send = (): Promise<Outcome> => {
    // Bytes after the end of a PDF change its hash, and so its job, but not the values that are read from it.
    const bytes = new Uint8Array(Buffer.concat([pdf, Buffer.from(`\n% ${(uploads += 1)}\n`)]));
    return upload(caller, bytes, (jobId) => jobIds.add(jobId));
  };
  const ended = Promise.all([
    again(list, CALL_EVERY_MS),
    again(socket, CALL_EVERY_MS),
    again(send, UPLOAD_EVERY_MS),
  ]);
  return {
    before,
    after,
    faults,
    jobIds,
    saidReady: () => void (isReady = true),
    /** Ends the calls when each has had enough answers after the line. */
    end: async (answersAfterMin = 0) => {
      endAfter = answersAfterMin;
      await ended;
    },
  };
}

/** Waits until the jobs are final. Returns a sentence for each job that is not Ready. */
async function untilConverted({ url, cookie }: Caller, jobIds: readonly string[]): Promise<string[]> {
  const lastAt = performance.now() + CONVERTED_MS_MAX;
  const stateOf = async (jobId: string): Promise<JobStateName | null> => {
    const response = await fetch(`${url}/api/jobs/${jobId}`, { headers: { cookie } });
    // The projector may not have the newest jobs yet.
    if (response.status === 404) return null;
    if (!response.ok) throw new Error(`job ${jobId}: ${response.status} ${await response.text()}`);
    return ((await response.json()) as JobView).state;
  };
  for (;;) {
    const states = await Promise.all(jobIds.map(stateOf));
    const isOver = performance.now() > lastAt;
    const isFinal = states.every((state) => state !== null && !isActive(state));
    if (isFinal || isOver)
      return states.flatMap((state, at) =>
        state === 'ready' ? [] : [`job ${jobIds[at]} is ${state ?? 'unknown'}`],
      );
    await sleep(CALL_EVERY_MS);
  }
}

const noCounts = (): Counts => ({ refused: 0, waits: 0, works: 0, fault: 0 });
