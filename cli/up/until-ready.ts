import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WaitingFor } from '../../runtime/service.ts';

/** How often the services are asked whether they are ready. */
const ASK_EVERY_MS = 100;
/** Longest wait for one answer. */
const ANSWER_MS_MAX = 2_000;
/** Listening on every address includes the loopback one. */
const EVERY_ADDRESS: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/** Where the services answer `/ready`. */
export interface HealthAddress {
  readonly host: string;
  readonly port: number;
}

/** What `/ready` answers. */
interface ReadyAnswer {
  readonly ready: boolean;
  readonly services: readonly { readonly waitingFor: readonly WaitingFor[] }[];
}

/**
 * Asks `/ready` of the services until it says yes, or until `stop` is aborted.
 * @param onWaiting told after each other answer what the services wait for; empty while they do not answer
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
    // Services that have ended are started again; they are asked again until then.
    asking.on('error', () => resolve(null));
  });
}
