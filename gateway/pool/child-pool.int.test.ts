import { spawnSync } from 'node:child_process';
import { deflateSync } from 'node:zlib';
import { afterEach, describe, expect, it } from '@jest/globals';
import { makePlainPdf } from '../fixtures/other-pdf.ts';
import type { ChildPool, PoolLimits } from './child-pool.ts';
import { DEFAULT_POOL_LIMITS, openPool } from './child-pool.ts';
import { childRights } from './spawn-child.ts';

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
const slowMs = 60_000;
let pool: ChildPool | undefined;

function open(limits: Partial<PoolLimits>): ChildPool {
  pool = openPool({ ...DEFAULT_POOL_LIMITS, ...limits }, { drawing: false, mappingFolder: undefined }, quiet);
  return pool;
}
afterEach(() => pool?.close(0));

const task = (pdf: Uint8Array) => ({
  kind: 'convert' as const,
  mappingId: 'text_layout_v1',
  parameters: {},
  pdf,
});

/** A page of `count` nested graphics states and one word: a small file that takes long to read. */
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
      const small = open({ children: 1, slowAfterMs: 50 });
      const order: string[] = [];
      const slow = small.run(task(nested(400_000))).then((outcome) => {
        order.push('slow');
        return outcome;
      });
      const good = small
        .run(task(await makePlainPdf({ texts: [['Good morning', 50, 50]] })))
        .then((outcome) => {
          order.push('good');
          return outcome;
        });
      expect((await good).ok).toBe(true);
      expect(await slow).toMatchObject({ ok: true });
      expect(order).toEqual(['good', 'slow']);
      expect(small.state().counts.standIns).toBeGreaterThan(0);
    },
    slowMs,
  );

  it(
    'reads 20,000 nested graphics states in linear time',
    async () => {
      const outcome = await open({ children: 1, documentTimeoutMs: 15_000 }).run(task(nested(20_000)));
      expect(outcome.ok && new TextDecoder().decode(outcome.body)).toContain('>visible<');
    },
    slowMs,
  );

  it(
    'replaces a child after its number of documents and counts it',
    async () => {
      const pdf = await makePlainPdf({ texts: [['Again', 50, 50]] });
      const small = open({ children: 1, documentsPerChildMax: 2, slowAfterMs: 20_000 });
      for (let i = 0; i < 3; i++) expect((await small.run(task(pdf))).ok).toBe(true);
      expect(small.state().counts).toMatchObject({ recycled: 1, crashed: 0 });
    },
    slowMs,
  );

  it(
    'ends what runs past its wall clock with PDF_LIMIT and counts it',
    async () => {
      const small = open({ children: 1, documentTimeoutMs: 300, standInsMax: 0 });
      expect(await small.run(task(nested(900_000)))).toMatchObject({ ok: false, code: 'PDF_LIMIT' });
      expect(small.state().counts.killedForTime).toBe(1);
    },
    slowMs,
  );

  it.each([
    ['reading a file outside', "require('node:fs').readFileSync('/etc/passwd')"],
    ['writing a file', "require('node:fs').writeFileSync('/tmp/docket-child-was-here', 'x')"],
    [
      'starting a program',
      "require('node:child_process').spawnSync('true').error && require('node:child_process').execFileSync('true')",
    ],
  ])('gives children no right to %s', (_, code) => {
    const rights = childRights({ heapMb: 100, drawing: false, mappingFolder: undefined });
    const ran = spawnSync(process.execPath, [...rights, '-e', code], { encoding: 'utf8' });
    expect(ran.status).not.toBe(0);
    expect(ran.stderr).toContain('ERR_ACCESS_DENIED');
  });
});
