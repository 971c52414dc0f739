import { installSimulatedTime } from './engine/simulated-time.ts';
import { runInParallel, WORKERS } from './run-in-parallel.ts';

const args = process.argv.slice(2);
if (args.includes(WORKERS)) process.exitCode = await runInParallel(args);
else {
  // Before anything else, so that no module keeps the real clock for itself.
  installSimulatedTime();
  // The product asks for its crash points at every step, and the real environment is slow to read.
  process.env = { ...process.env };
  const { runSimulations } = await import('./run-simulations.ts');
  process.exitCode = await runSimulations(args);
}
