import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { somePdf } from '../rooms/command-api/pdfs.ts';
import { MappingInvalid } from '../../gateway/mapping/mapping-invalid.ts';
import { loadMappings } from '../../gateway/mapping/registry.ts';
import { expectThat } from '../drills/claims.ts';
import { NotApplicable, type AttackCategory } from './attack.ts';
import type { Targets } from './targets.ts';
import { ask, newVisitor, storedPdfs } from './visitor.ts';

async function strangeIds(targets: Targets): Promise<string> {
  const target = await targets.any();
  const visitor = await newVisitor(target);
  const before = await storedPdfs(target);
  const ids = [
    '../x',
    '__proto__',
    'constructor',
    'toString',
    'pt_simon_invoice_v1\n',
    'pt_simon_invoice_v1 ',
    'PT_SIMON_INVOICE_V1',
    'unknown_v1',
    '',
    'pt_simon_invoice_v1,eu_invoice_v1',
    '*',
    'a'.repeat(900),
  ];
  for (const mapping of ids) {
    const { status, code, text } = await visitor.upload([{ name: 'a.pdf', bytes: somePdf() }], { mapping });
    const isRefused = status === 400 && code === 'UNKNOWN_MAPPING';
    expectThat(isRefused, `mapping ${JSON.stringify(mapping.slice(0, 30))} is 400`, text);
  }
  expectThat((await visitor.jobs()).length === 0, 'there is no job');
  expectThat((await storedPdfs(target)) === before, 'nothing is stored');
  return `${ids.length} ids: 400 UNKNOWN_MAPPING, no job, nothing stored; missing: mappings that are switched off, tenants`;
}

const GOOD = { id: 'evil_v1', version: 1, kind: 'layout', label: 'x', mediaType: 'application/xml' };

/** Files that an operator could put into the folder of own mappings, the only way for a mapping into Docket. */
async function hostileMappings(targets: Targets): Promise<string> {
  const target = await targets.any();
  for (const [method, path] of [
    ['POST', '/api/mappings'],
    ['POST', '/api/ops/mappings'],
    ['DELETE', '/api/mappings'],
  ] as const) {
    const { status } = await ask(target, path, { method, body: '{}' });
    expectThat(status === 404, `${method} ${path} is 404`, status);
  }
  const folder = await mkdtemp(join(tmpdir(), 'docket-mappings-'));
  const hostile: Readonly<Record<string, string>> = {
    'a template': JSON.stringify({ ...GOOD, template: '{{constructor.constructor("return process")()}}' }),
    'an XPath': JSON.stringify({ ...GOOD, xpath: 'document("file:///etc/passwd")' }),
    'an include of itself': JSON.stringify({ ...GOOD, include: 'evil_v1', extends: 'evil_v1' }),
    'code for a pattern': JSON.stringify({
      ...GOOD,
      fields: { a: { type: 'pattern', patterns: ['(?{system})'] } },
    }),
    'a prototype': '{"__proto__":{"id":"x"},"id":"evil_v1","version":1}',
    '10 MB': JSON.stringify({ ...GOOD, label: 'x'.repeat(10_000_000) }),
    'no JSON': 'module.exports = process.exit(1)',
  };
  try {
    for (const [what, text] of Object.entries(hostile)) {
      await writeFile(join(folder, 'evil_v1.json'), text);
      expectThat(refuses(folder), `a mapping with ${what} is refused`);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const seen = `no address takes one; in the operator's folder ${Object.keys(hostile).length} hostile files are refused by the schema`;
  throw new NotApplicable('uploading mappings', seen);
}

function refuses(folder: string): boolean {
  try {
    loadMappings(folder);
    return false;
  } catch (error) {
    if (error instanceof MappingInvalid) return true;
    throw error;
  }
}

export const mapping: AttackCategory = {
  name: 'mapping',
  attacks: [
    { id: 'A-MP01', title: 'ids that are no mapping', cheap: true, run: strangeIds },
    { id: 'A-MP02', title: 'mappings with code, cycles and 10 MB', cheap: true, run: hostileMappings },
  ],
};
