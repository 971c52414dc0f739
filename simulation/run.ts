import { installSimulatedTime } from './engine/simulated-time.ts';

// Before anything else, so that no module keeps the real clock for itself.
installSimulatedTime();
// The product asks for its crash points at every step, and the real environment is slow to read.
process.env = { ...process.env };
const { runSimulations } = await import('./run-simulations.ts');
process.exitCode = await runSimulations(process.argv.slice(2));
