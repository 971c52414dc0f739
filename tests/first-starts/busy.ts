/** Keeps every processor busy, as a machine is on which other work runs. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';

/** Two programs a processor want it, so that Docket gets about a third. */
const BURNERS_PER_PROCESSOR = 2;

/** Starts programs that only calculate. Resolves with what ends them. */
export async function keepBusy(): Promise<() => Promise<void>> {
  const burners = Array.from({ length: BURNERS_PER_PROCESSOR * availableParallelism() }, () =>
    spawn(process.execPath, ['--eval', 'for (;;);'], { stdio: 'ignore' }),
  );
  await Promise.all(burners.map((burner) => once(burner, 'spawn')));
  return async () => {
    const ended = burners.map((burner) => once(burner, 'exit'));
    for (const burner of burners) burner.kill('SIGKILL');
    await Promise.all(ended);
  };
}
