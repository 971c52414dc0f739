import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { gatewayMappingsSchema } from '../../schemas/protocols/gateway-protocol.ts';
import { CHECKS } from '../checks/run-checks.ts';
import { contentHash } from './content-hash.ts';
import type { MappingInvalid } from './mapping-invalid.ts';
import { DEFAULT_MAPPING, SHIPPED_MAPPINGS, loadMappings } from './registry.ts';

const shipped = new URL('../mappings/text_layout_v1.json', import.meta.url);
const base = JSON.parse(readFileSync(shipped, 'utf8')) as Record<string, unknown>;

describe('the mapping registry', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'docket-mappings-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function failure(): MappingInvalid {
    try {
      loadMappings(folder);
    } catch (error) {
      return error as MappingInvalid;
    }
    throw new Error('the registry took an invalid mapping');
  }

  it('holds the shipped mappings, one of them the locked default [R14.01]', () => {
    const list = gatewayMappingsSchema.parse(loadMappings().list());
    expect(list.map((m) => m.id).sort()).toEqual([...SHIPPED_MAPPINGS].sort());
    expect(list.filter((m) => m.default).map((m) => m.id)).toEqual([DEFAULT_MAPPING]);
  });

  it('knows no mapping that is not in it [R14.02]', () => {
    expect(loadMappings().get('../../etc/passwd')).toBeUndefined();
  });

  it('stops the start with the path of the fault', () => {
    writeFileSync(join(folder, 'mine_v1.json'), JSON.stringify({ ...base, id: 'mine_v1', version: 0 }));
    expect(failure()).toMatchObject({ code: 'MAPPING_INVALID', path: 'mine_v1.json#/version' });
  });

  it('refuses settings it does not know, another name than the file’s, and a taken id', () => {
    writeFileSync(
      join(folder, 'mine_v1.json'),
      JSON.stringify({ ...base, id: 'mine_v1', code: 'process.exit()' }),
    );
    expect(failure().message).toMatch(/code/);
    writeFileSync(join(folder, 'mine_v1.json'), JSON.stringify({ ...base, id: 'other_v1' }));
    expect(failure().path).toBe('mine_v1.json#/id');
    writeFileSync(join(folder, 'mine_v1.json'), '{');
    expect(failure().path).toBe('mine_v1.json');
    rmSync(join(folder, 'mine_v1.json'));
    writeFileSync(join(folder, 'text_layout_v1.json'), JSON.stringify(base));
    expect(failure().path).toBe('text_layout_v1.json#/id');
  });

  it('refuses a regular expression outside the linear-time language', () => {
    const pt = JSON.parse(
      readFileSync(new URL('../mappings/pt_simon_invoice_v1.json', import.meta.url), 'utf8'),
    ) as { match: object };
    writeFileSync(
      join(folder, 'mine_v1.json'),
      JSON.stringify({ ...pt, id: 'mine_v1', default: false, match: { ...pt.match, anyOf: ['(a)\\1'] } }),
    );
    expect(failure().path).toBe('mine_v1.json#/match/anyOf/0');
  });

  it('gives entries that nobody can change', () => {
    const mapping = loadMappings().get(DEFAULT_MAPPING);
    expect(Object.isFrozen(mapping)).toBe(true);
    expect(mapping?.reader === 'invoice' && Object.isFrozen(mapping.fields['number'])).toBe(true);
  });

  it('hashes what a mapping says, not how its file is written', () => {
    const mapping = loadMappings().get('text_layout_v1');
    if (!mapping) throw new Error('missing');
    const reordered = Object.fromEntries(Object.entries(mapping).reverse()) as typeof mapping;
    expect(contentHash(reordered)).toBe(contentHash(mapping));
    expect(contentHash({ ...mapping, label: 'other' })).not.toBe(contentHash(mapping));
  });

  it('names only checks that exist', () => {
    for (const { id } of loadMappings().list()) {
      const mapping = loadMappings().get(id);
      if (mapping?.reader === 'invoice')
        for (const { rule } of mapping.checks) expect(Object.keys(CHECKS)).toContain(rule);
    }
  });
});
