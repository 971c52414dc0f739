/** Settings of npm, places, limits and ports that a machine may have (M5, M9, M11, M12, M15). */
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Condition } from './condition.ts';
import { isRefused, works, worksOrIsRefused } from './works.ts';
import { NotTried } from './not-tried.ts';

const npmrc = (id: string, what: string, lines: string): Condition => ({
  id,
  what,
  run: async (machine) => {
    mkdirSync(join(machine.folder, 'home'), { recursive: true });
    writeFileSync(join(machine.folder, 'home', '.npmrc'), lines);
    await works(machine, { checkout: await machine.freshCheckout() });
  },
});

/** A path with such a name works, or is refused in words. */
const path = (id: string, name: string): Condition => ({
  id: `M9-${id}`,
  what: `a checkout and a data folder below \`${name}\``,
  cheap: id === 'quotes',
  run: async (machine) => {
    const checkout = await machine.installedCopy(join(name, 'docket'));
    const env = { DATA_DIR: join(machine.folder, name, 'data') };
    await worksOrIsRefused(machine, { checkout, env }, /path|folder|DATA_DIR/i);
  },
});

const limit = (
  id: string,
  what: string,
  limited: { line: string; asNobody?: boolean; cause: RegExp },
): Condition => ({
  id: `M11-${id}`,
  what,
  run: async (machine) => {
    const { cause, ...start } = limited;
    await worksOrIsRefused(machine, { checkout: await machine.installedCheckout(), ...start }, cause);
  },
});

const limits: readonly Condition[] = [
  limit('memory', '`ulimit -v` of 2 GiB', {
    line: 'ulimit -v 2097152; exec "$@"',
    cause: /memory|ulimit/i,
  }),
  limit('processes', '`ulimit -u` of 60', {
    line: 'ulimit -u 60; exec "$@"',
    asNobody: true,
    cause: /process|thread|ulimit|memory/i,
  }),
  {
    id: 'M11-install-memory',
    what: 'an install under `ulimit -v` of 1 GiB names the memory and not the network',
    run: async (machine) =>
      worksOrIsRefused(
        machine,
        { checkout: await machine.freshCheckout(), line: 'ulimit -v 1048576; exec "$@"' },
        /memory/i,
      ),
  },
  {
    id: 'M11-disk',
    what: 'a disk of 100 MB, twice',
    run: async (machine) => {
      mkdirSync(machine.dataDir, { recursive: true });
      try {
        execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=100m', 'docket-check', machine.dataDir], {
          stdio: 'pipe',
        });
      } catch (error) {
        throw new NotTried('this user may not mount a small disk', { cause: error });
      }
      try {
        const checkout = await machine.installedCheckout();
        for (let turn = 0; turn < 2; turn += 1)
          await worksOrIsRefused(machine, { checkout }, /disk|full|room|MB|MiB/i);
      } finally {
        execFileSync('umount', ['--lazy', machine.dataDir]);
      }
    },
  },
];

const rights: readonly Condition[] = [
  {
    id: 'M5-read-only',
    what: 'an installed checkout that this user cannot write, without our stamp, and a data folder elsewhere',
    cheap: true,
    run: async (machine) => {
      const checkout = await machine.installedCopy('owned-by-another');
      rmSync(join(checkout, 'node_modules', '.docket-install'), { force: true });
      closeToWriting(checkout);
      mkdirSync(machine.dataDir, { recursive: true });
      giveToNobody(machine.dataDir);
      await works(machine, { checkout, asNobody: true });
    },
  },
  {
    id: 'M12-read-only',
    what: 'the default data folder in a checkout that cannot be written: the sentence names DATA_DIR',
    cheap: true,
    run: async (machine) => {
      const checkout = await machine.installedCopy('owned-by-another');
      closeToWriting(checkout);
      await isRefused(machine, { checkout, asNobody: true, env: { DATA_DIR: undefined } }, /DATA_DIR/);
    },
  },
  {
    id: 'M12-port',
    what: 'PORT=80 without the right to it: works where the system allows it, else names PORT',
    run: async (machine) => {
      const checkout = await machine.installedCheckout();
      mkdirSync(machine.dataDir, { recursive: true });
      giveToNobody(machine.dataDir);
      await worksOrIsRefused(machine, { checkout, asNobody: true, env: { PORT: '80' } }, /port 80|PORT/i);
    },
  },
  {
    id: 'M12-web',
    what: 'a web app that cannot be built: the sentence gives the reason of the bundler',
    run: async (machine) => {
      const checkout = await machine.installedCopy('broken');
      rmSync(join(checkout, 'web', 'src', 'main.tsx'));
      await isRefused(machine, { checkout }, /web app.*main\.tsx/);
    },
  },
  {
    id: 'M15',
    what: 'the port held by another program on ::1 alone',
    cheap: true,
    run: async (machine) => {
      const other = createServer((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nother'));
      await new Promise<void>((resolve, reject) => {
        other.once('error', () => reject(new NotTried('this machine has no IPv6')));
        other.listen({ port: machine.port, host: '::1', ipv6Only: true }, resolve);
      });
      try {
        await worksOrIsRefused(machine, { checkout: await machine.installedCheckout() }, /port/i);
      } finally {
        other.close();
      }
    },
  },
];

/** Root may write anywhere; others are kept out by the mode. */
function closeToWriting(checkout: string): void {
  for (const folder of [join(checkout, 'node_modules'), join(checkout, 'web'), checkout])
    chmodSync(folder, 0o555);
}

function giveToNobody(folder: string): void {
  if (process.getuid?.() === 0) chownSync(folder, 65_534, 65_534);
}

export const places: readonly Condition[] = [
  npmrc('M5-ignore-scripts', 'a fresh clone with `ignore-scripts=true` in ~/.npmrc', 'ignore-scripts=true\n'),
  npmrc(
    'M5-omit',
    'the same with `omit=dev`, `engine-strict` and `bin-links=false`',
    'omit=dev\nengine-strict=true\nbin-links=false\n',
  ),
  path('dollar', 'a$HOME b'),
  path('quotes', `it's "$HOME"`),
  path('backtick', 'a`id`b'),
  path('colon', 'a:b'),
  path('backslash', 'a\\b'),
  path('usual', 'Ärger mit 100% #1?'),
  ...limits,
  ...rights,
];
