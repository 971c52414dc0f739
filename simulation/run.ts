import { installSimulatedTime } from './engine/simulated-time.ts';
import { runInParallel, WORKERS } from './run-in-parallel.ts';

const args = process.argv.slice(2);
if (args.includes(WORKERS)) process.exitCode = await runInParallel(args);
else {
  // This import comes first, so that no module keeps a reference to the real clock.
  installSimulatedTime();
  // The product looks for crash points in the environment at every step. A copy is faster than the real environment.
  process.env = { ...process.env };
  const { runSimulations } = await import('./run-simulations.ts');
  process.exitCode = await runSimulations(args);
}
