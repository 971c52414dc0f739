import { jobIdOfStream } from '../../schemas/events/streams.ts';
import type { World } from '../engine/world.ts';
import type { GatewayServer } from '../ports/gateway.ts';
import type { LogServer } from '../ports/log-server.ts';

/**
 * Checks that the gateway was called at most once for each attempt that began. The attempts of a replaced log ended
 * with their processes, so each history of the log is checked on its own.
 * @returns a function that checks the present history; an earlier history is checked when it is replaced
 */
export function countGatewayCalls(world: World, log: LogServer, gateway: GatewayServer): () => void {
  let begun = new Map<string, number>();
  let settled = 0;
  log.observe(({ type, stream }) => {
    const jobId = type === 'ConversionStarted' ? jobIdOfStream(stream) : null;
    if (jobId !== null) begun.set(jobId, (begun.get(jobId) ?? 0) + 1);
  });
  const check = (): void => {
    const called = new Map<string, number>();
    for (const { jobId } of gateway.calls.slice(settled)) called.set(jobId, (called.get(jobId) ?? 0) + 1);
    for (const [jobId, calls] of called) {
      const attempts = begun.get(jobId) ?? 0;
      if (calls > attempts)
        world.broken('2 once', `the gateway was called ${calls} times for ${attempts} attempts of ${jobId}`);
    }
  };
  log.onRestored(() => {
    check();
    begun = new Map();
    settled = gateway.calls.length;
  });
  return check;
}
