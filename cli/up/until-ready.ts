import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** How often the services are asked whether they are ready. */
const ASK_EVERY_MS = 100;
/** Longest wait for one answer. */
const ANSWER_MS_MAX = 2_000;
/** Listening on every address includes the loopback one. */
const EVERY_ADDRESS: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/** Resolves when `/ready` of the services answers 200, or when `stop` is aborted. */
export async function untilReady(
  address: { readonly host: string; readonly port: number },
  stop: AbortSignal,
): Promise<void> {
  while (!stop.aborted && !(await isReady(address))) {
    await sleep(ASK_EVERY_MS, undefined, { signal: stop }).catch(() => undefined);
  }
}

function isReady({ host, port }: { readonly host: string; readonly port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const asking = get(
      {
        host: EVERY_ADDRESS[host] ?? host,
        port,
        path: '/ready',
        agent: false,
        signal: AbortSignal.timeout(ANSWER_MS_MAX),
      },
      (response) => {
        response.once('error', () => resolve(false));
        response.resume().once('end', () => resolve(response.statusCode === 200));
      },
    );
    // A service that has ended is started again; it is asked again until then.
    asking.on('error', () => resolve(false));
  });
}
