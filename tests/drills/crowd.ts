import { Agent, get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { FORM_END, partHead, push, speak, uploadHead } from '../rooms/command-api/raw-http.ts';
import type { DrillInstallation } from './drill-installation.ts';
import { anyPdf, cookieOf, newOwner, tryUpload } from './people.ts';

/** The results of one kind of client. */
export interface Tally {
  asked: number;
  /** Answers 429 and 503, by status. */
  readonly refused: Record<string, number>;
  /** Refusals without a `Retry-After` of at least one second. */
  untold: number;
  /** Answers that are neither a success nor a refusal. */
  readonly odd: string[];
}

/** Clients that request as much as they can, until they are stopped. */
export interface Crowd {
  readonly tally: Tally;
  stop(): Promise<void>;
}

const ODD_MAX = 5;
const SOCKETS_MAX = 16;
const SLOW_BODY_BYTES = 1_000_000;
const SLOW_CHUNKS_PER_SEC = 4;
const AGAIN_AFTER_MS = 250;
const ANSWER_MS_MAX = 60_000;

function newTally(): Tally {
  return { asked: 0, refused: {}, untold: 0, odd: [] };
}

function note(tally: Tally, status: number, retryAfter: string | null | undefined, said: string): void {
  if (status === 429 || status === 503) {
    tally.refused[status] = (tally.refused[status] ?? 0) + 1;
    if (!(Number(retryAfter) >= 1)) tally.untold += 1;
    return;
  }
  // 408: a body that fell below the least pace, here because its sender had too little of the processor.
  if (status !== 408 && (status < 200 || status > 299) && tally.odd.length < ODD_MAX) tally.odd.push(said);
}

/** Sends `count` uploads at a time from one address, each body at `bytesPerSec`. A refused client returns at once. */
export function slowBodies(port: number, from: string, count: number, bytesPerSec: number): Crowd {
  const tally = newTally();
  const open = new Set<() => void>();
  let stopped = false;
  const one = async (): Promise<void> => {
    while (!stopped) {
      tally.asked += 1;
      const { status, head } = await speak(port, async (socket) => {
        const end = (): void => void socket.destroy();
        open.add(end);
        socket.once('close', () => open.delete(end));
        if (stopped) return end();
        await push(
          socket,
          uploadHead(SLOW_BODY_BYTES + partHead().length + FORM_END.length, `X-Forwarded-For: ${from}\r\n`),
        );
        await push(socket, `${partHead()}%PDF-1.7\n`);
        const chunk = Buffer.alloc(Math.ceil(bytesPerSec / SLOW_CHUNKS_PER_SEC), '% ');
        while (!socket.destroyed && !socket.readableEnded) {
          await sleep(1_000 / SLOW_CHUNKS_PER_SEC);
          await push(socket, chunk);
        }
      });
      // A connection that the drill itself ended has no answer.
      if (status !== 0) note(tally, status, /^retry-after: (\d+)/im.exec(head)?.[1], head);
      if (!stopped) await sleep(AGAIN_AFTER_MS);
    }
  };
  const all = Array.from({ length: count }, one);
  return {
    tally,
    stop: async () => {
      stopped = true;
      for (const end of open) end();
      await Promise.all(all);
    },
  };
}

export interface Reading {
  readonly path: string;
  readonly addresses: readonly string[];
  readonly perSec: number;
  /** Number of requests that are sent as fast as they are answered, before the fixed rate begins. */
  readonly first?: number;
}

/** Reads at a steady rate, each from the next of `addresses`; every second address has no session yet. */
export function readers(url: string, { path, addresses, perSec, first = 0 }: Reading): Crowd {
  const tally = newTally();
  const agent = new Agent({ keepAlive: true, maxSockets: SOCKETS_MAX });
  const clients = addresses.map((from, n) => ({
    'X-Forwarded-For': from,
    ...(n % 2 === 0 ? { Cookie: cookieOf(newOwner()) } : {}),
  }));
  const running = new Set<Promise<void>>();
  let stopped = false;
  const pacing = (async () => {
    for (const startedAt = performance.now(); !stopped; await sleep(10)) {
      const due = first + ((performance.now() - startedAt) / 1_000) * perSec;
      for (; tally.asked < due; tally.asked += 1) {
        const headers = clients[tally.asked % clients.length]!;
        const asked = ask(new URL(path, url), headers, agent)
          .then(({ status, retryAfter }) => note(tally, status, retryAfter, `${path}: ${status}`))
          .catch((error: unknown) => note(tally, 0, null, String(error)))
          .finally(() => running.delete(asked));
        running.add(asked);
      }
    }
  })();
  return {
    tally,
    stop: async () => {
      stopped = true;
      await pacing;
      await Promise.all(running);
      agent.destroy();
    },
  };
}

function ask(
  url: URL,
  headers: Record<string, string>,
  agent: Agent,
): Promise<{ status: number; retryAfter: string | undefined }> {
  return new Promise((resolve, reject) => {
    const asked = get(url, { headers, agent, timeout: ANSWER_MS_MAX }, (answer) => {
      answer.resume();
      answer.once('error', reject);
      answer.once('end', () =>
        resolve({ status: answer.statusCode ?? 0, retryAfter: answer.headers['retry-after'] }),
      );
    });
    asked.once('timeout', () => asked.destroy(new Error('no answer')));
    asked.once('error', reject);
  });
}

/** One owner who uploads `atOnce` files at a time, as many as it is let, and does not wait as long as it is told. */
export function greedyUploader(installation: DrillInstallation, from: string, atOnce: number): Crowd {
  const tally = newTally();
  const owner = newOwner();
  let stopped = false;
  const one = async (): Promise<void> => {
    while (!stopped) {
      tally.asked += 1;
      const { status, retryAfter, text } = await tryUpload(installation, { owner, from, bytes: anyPdf() });
      note(tally, status, retryAfter, text);
      if (status === 429 || status === 503) await sleep(AGAIN_AFTER_MS);
    }
  };
  const all = Array.from({ length: atOnce }, one);
  return {
    tally,
    stop: async () => {
      stopped = true;
      await Promise.all(all);
    },
  };
}
