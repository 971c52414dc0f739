/** Starts that are ended, by the signals and pipes that people end them with (M7, M8, M10, M14). */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { demand, type Condition, type Machine } from './condition.ts';
import { processesIn } from './leftovers.ts';
import { readyAddresses, useAddress } from './use.ts';
import { isRefused, works } from './works.ts';

/** A waiting install must report this within this time. */
const PROGRESS_MS_MAX = 10_000;
/** The difference between the moments at which first starts are ended. */
const MOMENTS_MS = [300, 1_500, 3_000];

const endedBy = (signal: 'SIGHUP' | 'SIGINT' | 'SIGTERM'): Condition => ({
  id: `M7-${signal}`,
  what: `${signal} to the whole job, while it starts and when it is ready`,
  cheap: signal === 'SIGHUP',
  run: async (machine) => {
    const checkout = await machine.installedCheckout();
    const starting = await machine.start({ checkout });
    await sleep(MOMENTS_MS[1]);
    process.kill(-starting.pid, signal);
    await starting.end(15_000);
    await nothingRuns(machine, 'ended while it started');
    const started = await machine.start({ checkout });
    await readyAddresses(started);
    process.kill(-started.pid, signal);
    await started.end(15_000);
  },
});

async function nothingRuns(machine: Machine, when: string): Promise<void> {
  for (const last = performance.now() + 5_000; ; await sleep(100)) {
    const running = processesIn([machine.folder]);
    if (running.length === 0) return;
    demand(
      performance.now() < last,
      `${when}, and these run on: ${running.map(({ command }) => command).join('; ')}`,
    );
  }
}

/** A package registry on this machine that accepts connections and never answers. */
async function silentRegistry(): Promise<{ url: string; close(): void }> {
  const sockets = new Set<{ destroy(): void }>();
  const server = createServer((socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

const deadRegistry = (signal: 'SIGTERM' | 'SIGHUP' | 'SIGINT'): Condition => ({
  id: `M8-${signal}`,
  what: `a package registry that does not answer: it says so, and ${signal} ends the install`,
  cheap: signal === 'SIGTERM',
  run: async (machine) => {
    const registry = await silentRegistry();
    try {
      const env = {
        npm_config_registry: registry.url,
        npm_config_cache: join(machine.folder, 'empty-cache'),
      };
      const started = await machine.start({ checkout: await machine.freshCheckout(), env });
      await started.says(/Docket: installing/, PROGRESS_MS_MAX);
      await sleep(1_000);
      // TERM to npm alone, as a service manager does; the others come from the terminal, to all of them.
      if (signal === 'SIGTERM') await started.stop(signal);
      else {
        process.kill(-started.pid, signal);
        await started.end(15_000);
      }
    } finally {
      registry.close();
    }
  },
});

const pipes: readonly Condition[] = [
  {
    id: 'M7-nohup',
    what: 'under nohup a hangup changes nothing',
    cheap: true,
    run: async (machine) => {
      const checkout = await machine.installedCheckout();
      const line = 'nohup "$@" > "$HOME/log" 2>&1 & wait';
      const started = await machine.start({ checkout, line: `exec bash -c '${line}' sh "$@"` });
      const address = join(machine.dataDir, 'address');
      for (const last = performance.now() + 120_000; !existsSync(address); await sleep(100))
        demand(performance.now() < last, 'it is never ready');
      // What a terminal does that closes: the whole job is told, npm and its shell end.
      process.kill(-started.pid, 'SIGHUP');
      await started.end(20_000);
      await useAddress(`http://localhost:${machine.port}`);
      const up = processesIn([checkout]).find(({ command }) => /node cli\/docket\.ts up$/.test(command));
      demand(up !== undefined, 'nothing runs');
      process.kill(up.pid, 'SIGTERM');
    },
  },
  {
    id: 'M10',
    what: '`npm start | head -n 3`: the address is shown, it runs on, and can be stopped',
    cheap: true,
    run: async (machine) => {
      const started = await machine.start({
        checkout: await machine.installedCheckout(),
        line: '{ "$@" & echo "pid $!" >&2; wait; } | head -n 3',
      });
      const address = (await started.says(/http:\/\/localhost:\d+/, 120_000))[0];
      await useAddress(address);
      const supervisor = processesIn([machine.folder, await machine.installedCheckout()]).find(
        ({ command }) => /cli\/docket\.ts up/.test(command),
      );
      demand(supervisor !== undefined, 'nothing runs');
      process.kill(supervisor.pid, 'SIGTERM');
      await started.end(20_000);
    },
  },
];

const killed: readonly Condition[] = [
  {
    id: 'M8-refused',
    what: 'no package registry: one sentence says so',
    cheap: true,
    run: async (machine) =>
      isRefused(
        machine,
        {
          checkout: await machine.freshCheckout(),
          env: {
            npm_config_registry: 'http://127.0.0.1:9/',
            npm_config_fetch_retries: '1',
            npm_config_fetch_retry_mintimeout: '100',
            npm_config_cache: join(machine.folder, 'empty-cache'),
          },
        },
        /registry/,
      ),
  },
  {
    id: 'M14',
    what: 'first starts killed at three moments: the next one works and clears up',
    run: async (machine) => {
      const checkout = await machine.installedCopy('killed');
      const web = join(checkout, 'web');
      rmSync(join(web, 'dist'), { recursive: true });
      for (const moment of MOMENTS_MS) {
        const started = await machine.start({ checkout });
        await sleep(moment);
        process.kill(-started.pid, 'SIGKILL');
        await started.end();
      }
      const said = await works(machine, { checkout });
      const litter = [
        ...readdirSync(join(machine.dataDir, 'postgres')).filter((name) => name.startsWith('unfinished')),
        ...readdirSync(web).filter((name) => name.startsWith('dist-')),
      ];
      demand(litter.length === 0, `litter: ${litter.join(', ')}`);
      demand(!/^\{"/m.test(said), 'it prints raw JSON');
    },
  },
];

export const ends: readonly Condition[] = [
  ...(['SIGHUP', 'SIGINT', 'SIGTERM'] as const).map(endedBy),
  ...(['SIGTERM', 'SIGHUP', 'SIGINT'] as const).map(deadRegistry),
  ...pipes,
  ...killed,
];
