import { hangupIsIgnored } from '../runtime/launcher/hangup.cjs';

/**
 * A second signal within this time comes from the same key press. The terminal signals the whole group, and npm
 * signals its child again.
 */
const SAME_KEY_MS = 500;

/**
 * Resolves at the first SIGINT, SIGTERM or SIGHUP, and ignores later signals. The stop has its own time limit. A
 * process that ended at the second signal would leave its child processes running.
 */
export function untilAskedToStop(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of stopSignals()) process.on(signal, () => resolve());
  });
}

/** Calls `stop` at the first SIGINT, SIGTERM or SIGHUP, and `endAtOnce` when the user repeats it. */
export function onceAskedToStop(stop: () => void, endAtOnce: () => void): void {
  let askedAt: number | null = null;
  const asked = (): void => {
    if (askedAt === null) {
      askedAt = performance.now();
      stop();
    } else if (performance.now() - askedAt > SAME_KEY_MS) endAtOnce();
  };
  for (const signal of stopSignals()) process.on(signal, asked);
}

/**
 * SIGHUP comes when the terminal closes. A program such as `nohup` starts Docket with SIGHUP ignored. Docket then
 * ignores it too.
 */
function stopSignals(): NodeJS.Signals[] {
  if (!hangupIsIgnored(process.env)) return ['SIGINT', 'SIGTERM', 'SIGHUP'];
  process.on('SIGHUP', () => undefined);
  return ['SIGINT', 'SIGTERM'];
}
