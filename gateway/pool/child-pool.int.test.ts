import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { deflateSync } from 'node:zlib';
import { afterEach, describe, expect, it } from '@jest/globals';
import { makePlainPdf } from '../../tests/rooms/gateway/other-pdf.ts';
import type { ChildPool } from './child-pool.ts';
import { openPool } from './child-pool.ts';
import { DEFAULT_POOL_LIMITS, type PoolLimits } from './pool-limits.ts';
import { eventually } from '../../tests/harness/processor-world.ts';

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
const SLOW_MS = 90_000;
const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
let pool: ChildPool | undefined;

function open(limits: Partial<PoolLimits>): ChildPool {
  pool = openPool({ ...DEFAULT_POOL_LIMITS, ...limits }, { drawing: false, mappings: [] }, quiet);
  return pool;
}
afterEach(() => pool?.close(0));

const task = (pdf: Uint8Array) => ({
  kind: 'convert' as const,
  mappingId: 'text_layout_v1',
  parameters: {},
  pdf,
});

/** Makes a page of `count` nested graphics states and one word. The file is small and takes long to read. */
function nested(count: number): Buffer {
  const content = deflateSync(`${'q '.repeat(count)}BT /H 12 Tf 50 700 Td (visible) Tj ET`).toString(
    'latin1',
  );
  return Buffer.from(
    `%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</H<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>endobj\n4 0 obj<</Filter/FlateDecode/Length ${content.length}>>stream\n${content}\nendstream endobj\ntrailer<</Root 1 0 R>>`,
    'latin1',
  );
}

describe('the pool of converter children', () => {
  it(
    'lets a stand-in take the place of a child that a slow document holds',
    async () => {
      const small = open({ children: 1, slowAfterCpuMs: 50, documentStillMsMax: SLOW_MS });
      await small.ready();
      const [first] = convertersOf(process.pid);
      const order: string[] = [];
      const slow = small.run(task(nested(900_000))).then((outcome) => {
        order.push('slow');
        return outcome;
      });
      const good = small
        .run(task(await makePlainPdf({ texts: [['Good morning', 50, 50]] })))
        .then((outcome) => {
          order.push('good');
          return outcome;
        });
      await eventually(
        async () => small.state().counts.standIns > 0,
        SLOW_MS,
        'another child stands in for the slow one',
      );
      // On a starved machine a new child takes longer to start than any document takes to read. So the slow child is
      // paused meanwhile.
      process.kill(first!, 'SIGSTOP');
      expect((await good).ok).toBe(true);
      process.kill(first!, 'SIGCONT');
      expect(await slow).toMatchObject({ ok: true });
      expect(order).toEqual(['good', 'slow']);
      expect(small.state().counts.standIns).toBeGreaterThan(0);
    },
    SLOW_MS,
  );

  it(
    'reads 20,000 nested graphics states in linear time',
    async () => {
      const outcome = await open({ children: 1, documentCpuMsMax: 15_000 }).run(task(nested(20_000)));
      expect(outcome.ok && new TextDecoder().decode(outcome.body)).toContain('>visible<');
    },
    SLOW_MS,
  );

  it(
    'replaces a child after its number of documents and counts it',
    async () => {
      const pdf = await makePlainPdf({ texts: [['Again', 50, 50]] });
      const small = open({ children: 1, documentsPerChildMax: 2, slowAfterCpuMs: 20_000 });
      for (let i = 0; i < 3; i += 1) expect((await small.run(task(pdf))).ok).toBe(true);
      expect(small.state().counts).toMatchObject({ recycled: 1, crashed: 0 });
    },
    SLOW_MS,
  );

  it(
    'ends what uses more processor time than it may with PDF_LIMIT and counts it',
    async () => {
      const small = open({ children: 1, documentCpuMsMax: 300, standInsMax: 0 });
      expect(await small.run(task(nested(900_000)))).toMatchObject({ ok: false, code: 'PDF_LIMIT' });
      expect(small.state().counts.killedForTime).toBe(1);
    },
    SLOW_MS,
  );

  it(
    'goes on with the child it has while the one that is to replace it does not come up',
    async () => {
      const pdf = await makePlainPdf({ texts: [['Again', 50, 50]] });
      const small = open({ children: 1, documentsPerChildMax: 1, slowAfterCpuMs: 20_000 });
      await small.ready();
      const [first] = convertersOf(process.pid);
      expect((await small.run(task(pdf))).ok).toBe(true);
      // The pool starts the successor in the same turn in which it gives the result.
      const successor = convertersOf(process.pid).find((pid) => pid !== first)!;
      process.kill(successor, 'SIGSTOP');
      for (let i = 0; i < 3; i += 1) expect((await small.run(task(pdf))).ok).toBe(true);
      expect(small.state().ready).toBe(1);
      process.kill(successor, 'SIGCONT');
      await eventually(
        async () => !convertersOf(process.pid).includes(first!) && small.state().ready === 1,
        SLOW_MS,
        'the successor took its place',
      );
      expect((await small.run(task(pdf))).ok).toBe(true);
    },
    SLOW_MS,
  );

  it(
    'ends a starting child that stands still, and one that moves on never for being late',
    async () => {
      const small = open({ children: 1, startStillMsMax: 1_500 });
      const [first] = convertersOf(process.pid);
      process.kill(first!, 'SIGSTOP');
      await small.ready();
      expect(convertersOf(process.pid)).not.toContain(first);
      await small.close(0);

      const slow = open({ children: 1, startStillMsMax: 1_500 });
      const [only] = convertersOf(process.pid);
      const dosed = dose(only!, 20, 180);
      await slow.ready();
      clearInterval(dosed);
      process.kill(only!, 'SIGCONT');
      expect(convertersOf(process.pid)).toEqual([only]);
    },
    SLOW_MS,
  );

  it(
    'tries a document again whose child was frozen, and does not blame it',
    async () => {
      const small = open({ children: 1, documentStillMsMax: 1_000 });
      await small.ready();
      const [child] = convertersOf(process.pid);
      process.kill(child!, 'SIGSTOP');
      const pdf = await makePlainPdf({ texts: [['Again', 50, 50]] });
      expect(await small.run(task(pdf))).toMatchObject({ ok: true });
    },
    SLOW_MS,
  );

  it(
    'says why when no child can be started, to those who wait too',
    async () => {
      const small = open({ children: 1, residentBytesMax: 4 * 1024 * 1024 });
      const waits = small.run(task(Buffer.from('%PDF-1.4')));
      const sentence = /cannot be started: it ends while it starts/;
      await expect(waits).rejects.toThrow(sentence);
      await expect(small.ready()).rejects.toThrow(sentence);
      await expect(small.run(task(Buffer.from('%PDF-1.4')))).rejects.toThrow(sentence);
    },
    SLOW_MS,
  );

  it(
    'leaves no child behind when the gateway is killed while it converts',
    async () => {
      const gateway = spawn(process.execPath, [MAIN], { stdio: ['ignore', 'pipe', 'ignore'], env: {} });
      const [line] = (await once(createInterface({ input: gateway.stdout }), 'line')) as [string];
      const { port } = JSON.parse(line) as { port: number };
      const children = convertersOf(gateway.pid!);
      const cut = fetch(`http://127.0.0.1:${port}/v1/convert?mapping=text_layout_v1`, {
        method: 'POST',
        body: nested(900_000) as BodyInit,
      }).catch(() => undefined);
      const busy = async (): Promise<boolean> => {
        const health = await fetch(`http://127.0.0.1:${port}/health`);
        return ((await health.json()) as { busy: number }).busy > 0;
      };
      await eventually(busy, SLOW_MS, 'a child was busy');
      gateway.kill('SIGKILL');
      await cut;
      await eventually(
        async () => children.every((pid) => !existsSync(`/proc/${pid}`)),
        SLOW_MS,
        'the children were gone',
      );
    },
    SLOW_MS,
  );
});

/** Lets a process run for a share of the time. Whoever clears the timer decides whether the process then runs. */
function dose(pid: number, runMs: number, restMs: number): NodeJS.Timeout {
  process.kill(pid, 'SIGSTOP');
  return setInterval(() => {
    signal(pid, 'SIGCONT');
    setTimeout(() => signal(pid, 'SIGSTOP'), runMs);
  }, runMs + restMs);
}

/** The timer may send one more signal after the child has ended. */
function signal(pid: number, name: NodeJS.Signals): void {
  if (existsSync(`/proc/${pid}`)) process.kill(pid, name);
}

/** Returns the converter children of a process, oldest first. */
function convertersOf(parent: number): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        const isChild = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] === String(parent);
        return isChild && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('converter-child');
      } catch {
        // The process ended between the two calls.
        return false;
      }
    })
    .map(Number)
    .toSorted((a, b) => a - b);
}
