import type { Log } from '../runtime/log/log.ts';
import { cutAll, type ClaimLoop } from './attempts/claim-loop.ts';
import type { FeederRole } from './feeder/feeder-role.ts';
import type { GatewayRecorder } from './circuit-breaker/gateway-recorder.ts';
import type { WorkNotices } from './work-list/work-notices.ts';
import type { Repeating } from './repeating.ts';
import type { RetentionRole } from './retention/retention-role.ts';

/** Share of the grace period for giving back unfinished attempts. The next constant is the upper bound of that time. */
const GIVE_BACK_SHARE = 0.25;
const GIVE_BACK_MAX_MS = 5_000;

/**
 * Stops a processor (R04.04). It makes no new claims, and running attempts may finish. An attempt that does not
 * finish in time is abandoned in the log at once, so another processor need not wait for the lease. At the end the
 * processor gives the right to feed back.
 */
export async function stopInOrder(parts: {
  loop: ClaimLoop;
  tasks: readonly Repeating[];
  notices: WorkNotices;
  feeder: FeederRole;
  recorder: GatewayRecorder;
  retention: Pick<RetentionRole, 'stop'>;
  leave: () => Promise<void>;
  graceMs: number;
  logger: Log;
}): Promise<void> {
  const { loop, graceMs, logger } = parts;
  const endsAtMs = performance.now() + graceMs;
  const giveBackMs = Math.min(GIVE_BACK_MAX_MS, graceMs * GIVE_BACK_SHARE);
  await within(graceMs - giveBackMs, loop.close());
  if (!(await loop.drained(Math.max(0, endsAtMs - giveBackMs - performance.now())))) {
    logger.info({ attempts: loop.running().length }, 'abandoning the attempts that did not finish in time');
    cutAll(loop);
    await loop.drained(giveBackMs / 2);
  }
  const last = async (): Promise<void> => {
    await Promise.all([parts.retention.stop(), ...parts.tasks.map((task) => task.stop())]);
    await parts.notices.close();
    await parts.recorder.stop();
    await parts.feeder.stop();
    await parts.leave();
  };
  const leaving = last().catch((error: unknown) =>
    logger.warn({ err: error }, 'the processor could not report its end; the others will notice its silence'),
  );
  await within(Math.max(giveBackMs / 2, endsAtMs - performance.now()), leaving);
}

async function within(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, over]);
  clearTimeout(timer);
}
