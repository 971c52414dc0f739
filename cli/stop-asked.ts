import { hangupIsIgnored } from '../runtime/launcher/hangup.cjs';

/** A second signal within this time is the same key: the terminal tells the whole group, and npm tells its child again. */
const SAME_KEY_MS = 500;

/**
 * Resolves at the first SIGINT, SIGTERM or SIGHUP. Later signals are caught and ignored. Stopping has a time limit of
 * its own, and to die at the second signal would leave child processes behind.
 */
export function untilAskedToStop(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of stopSignals()) process.on(signal, () => resolve());
  });
}

/** Calls `stop` at the first SIGINT, SIGTERM or SIGHUP, and `endAtOnce` when a person asks again. */
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

/** SIGHUP comes when the terminal closes; where it was ignored, it stays ignored. */
function stopSignals(): NodeJS.Signals[] {
  if (!hangupIsIgnored(process.env)) return ['SIGINT', 'SIGTERM', 'SIGHUP'];
  process.on('SIGHUP', () => undefined);
  return ['SIGINT', 'SIGTERM'];
}
