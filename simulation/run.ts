import { installSimulatedTime } from './engine/simulated-time.ts';
import { runInParallel, workersOf } from './run-in-parallel.ts';

const args = process.argv.slice(2);
if (workersOf(args) > 1) process.exitCode = await runInParallel(args);
else {
  // Before anything else, so that no module keeps the real clock for itself.
  installSimulatedTime();
  // The product asks for its crash points at every step, and the real environment is slow to read.
  process.env = { ...process.env };
  const { runSimulations } = await import('./run-simulations.ts');
  process.exitCode = await runSimulations(args);
}
