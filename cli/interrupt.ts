import { PlainFailure } from './plain-failure.ts';
import { onceAskedToStop } from './stop-asked.ts';

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
