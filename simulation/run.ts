import { installSimulatedTime } from './engine/simulated-time.ts';

// Before anything else, so that no module keeps the real clock for itself.
installSimulatedTime();
const { runSimulations } = await import('./run-simulations.ts');
process.exitCode = await runSimulations(process.argv.slice(2));
