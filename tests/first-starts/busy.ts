/** Keeps every processor busy, like other work on the machine. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';

/** For each processor there are two such programs, so Docket gets about a third of the time. */
const BURNERS_PER_PROCESSOR = 2;

/** Starts programs that only calculate. Resolves with a function that ends them. */
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
