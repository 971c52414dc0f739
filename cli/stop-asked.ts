import { hangupIsIgnored } from '../runtime/launcher/hangup.cjs';
import { PlainFailure } from './plain-failure.ts';

/** Exit code after Ctrl-C: 128 plus the number of SIGINT, as in shells. */
export const INTERRUPTED_EXIT_CODE = 130;

/**
 * A signal that Ctrl-C or SIGTERM aborts. The command then ends at the next safe place. A second Ctrl-C ends it at
 * once.
 */
export function interruptSignal(safety: string): AbortSignal {
  const controller = new AbortController();
  const stop = (): void =>
    controller.abort(
      new PlainFailure('INTERRUPTED', `Interrupted. ${safety}`, { exitCode: INTERRUPTED_EXIT_CODE }),
    );
  onceAskedToStop(stop, () => process.exit(INTERRUPTED_EXIT_CODE));
  return controller.signal;
}

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
