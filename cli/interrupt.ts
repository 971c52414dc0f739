import { PlainFailure } from './plain-failure.ts';
import { onceAskedToStop } from './stop-asked.ts';

/** Exit code of a command that Ctrl-C ended: 128 and the number of SIGINT, as shells have it. */
export const INTERRUPTED_EXIT_CODE = 130;

/** Aborted by Ctrl-C or SIGTERM; the command ends at the next place where that is safe. A second Ctrl-C ends at once. */
export function interruptSignal(safety: string): AbortSignal {
  const controller = new AbortController();
  const stop = (): void =>
    controller.abort(
      new PlainFailure('INTERRUPTED', `Interrupted. ${safety}`, { exitCode: INTERRUPTED_EXIT_CODE }),
    );
  onceAskedToStop(stop, () => process.exit(INTERRUPTED_EXIT_CODE));
  return controller.signal;
}
