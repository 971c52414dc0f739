import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WaitingFor } from '../../runtime/service.ts';

/** The interval at which the services are asked whether they are ready. */
const ASK_EVERY_MS = 100;
/** Longest wait for one answer. */
const ANSWER_MS_MAX = 2_000;
/** The loopback address of a server that listens on every address. */
const EVERY_ADDRESS: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/** The address at which the services answer `/ready`. */
export interface HealthAddress {
  readonly host: string;
  readonly port: number;
}

/** The answer to `/ready`. */
interface ReadyAnswer {
  readonly ready: boolean;
  readonly services: readonly { readonly waitingFor: readonly WaitingFor[] }[];
}

/**
 * Asks `/ready` until the services are ready, or until `stop` is aborted.
 * @param onWaiting receives the dependencies that the services wait for, after each answer that is not "ready"; empty
 * while the services do not answer
 */
export async function untilReady(
  health: HealthAddress,
  stop: AbortSignal,
  onWaiting: (waiting: readonly WaitingFor[]) => void,
): Promise<void> {
  while (!stop.aborted) {
    const answer = await askReady(health);
    if (answer?.ready) return;
    onWaiting(answer?.services.flatMap(({ waitingFor }) => waitingFor) ?? []);
    await sleep(ASK_EVERY_MS, undefined, { signal: stop }).catch(() => undefined);
  }
}

function askReady({ host, port }: HealthAddress): Promise<ReadyAnswer | null> {
  return new Promise((resolve) => {
    const address = { host: EVERY_ADDRESS[host] ?? host, port, path: '/ready', agent: false };
    const asking = get({ ...address, signal: AbortSignal.timeout(ANSWER_MS_MAX) }, (response) => {
      const chunks: Buffer[] = [];
      response.once('error', () => resolve(null));
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('end', () => resolve(JSON.parse(Buffer.concat(chunks).toString('utf8')) as ReadyAnswer));
    });
    // Services that ended are started again and answer later.
    asking.on('error', () => resolve(null));
  });
}
