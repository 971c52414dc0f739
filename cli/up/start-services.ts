import { join } from 'node:path';
import { PlainFailure } from '../plain-failure.ts';
import type { HealthPort } from './health-port.ts';
import type { LogFiles } from './log-files.ts';
import { startNodeChild, type NodeChild, type RunningChild } from './node-child.ts';
import { untilReady } from './until-ready.ts';
import { waitingLine } from './waiting-line.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** The parts of the installation that the services need. */
interface ServicesInstallation {
  readonly logs: LogFiles;
  readonly stopping: AbortSignal;
  readonly killing: AbortSignal;
  keep(
    name: string,
    start: (stop: AbortSignal) => Promise<RunningChild>,
    restarts: () => boolean,
  ): Promise<RunningChild>;
}

/**
 * Starts the services and waits until they are ready; meanwhile it shows at the terminal the servers that they wait
 * for.
 * @returns their port
 * @throws PlainFailure with their last line when they end before that
 */
export async function startServices(
  installation: ServicesInstallation,
  env: Readonly<Record<string, string>>,
  health: HealthPort,
): Promise<number> {
  const child = (port: number): NodeChild => ({
    name: 'services',
    script: join(ROOT, 'cli', 'docket.ts'),
    args: ['serve', 'all'],
    env: { ...env, HEALTH_CHECK_PORT: String(port) },
  });
  let isReady = false;
  const services = await installation.keep(
    'services',
    (stop) =>
      health.startOn(stop, (port) =>
        startNodeChild(child(port), installation.logs, { stop, kill: installation.killing }),
      ),
    () => isReady,
  );
  const over = new AbortController();
  const line = waitingLine(process.stderr);
  const ended = services.exited.then(async (how) => {
    if (isReady || installation.stopping.aborted) return;
    throw new PlainFailure('CHILD_FAILED', (await services.lastWords()) ?? how);
  });
  try {
    const until = AbortSignal.any([installation.stopping, over.signal]);
    await Promise.race([untilReady(health.address(), until, line.show), ended]);
    installation.stopping.throwIfAborted();
    isReady = true;
  } finally {
    over.abort();
    line.end();
  }
  return services.port;
}
