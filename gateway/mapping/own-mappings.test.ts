import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readOwnMappings, type OwnMappings } from './own-mappings.ts';
import { shippedMappingFiles } from './registry.ts';

describe('the operator’s folder of mappings', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'docket-own-mappings-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const put = (id: string, says: object): void =>
    writeFileSync(join(folder, `${id}.json`), JSON.stringify({ id, version: 1, label: id, ...says }));
  const read = (): OwnMappings => readOwnMappings(folder, shippedMappingFiles());
  const faults = (): string[] => read().faults.map(({ message }) => message);

  it('takes a mapping that extends one that extends a shipped one', () => {
    put('country_v1', { extends: 'eu_invoice_v1', country: 'PT', numbers: 'comma' });
    put('rohr_v1', { extends: 'country_v1', forSellers: ['PT501234560'] });
    const { mappings } = read();
    expect(faults()).toEqual([]);
    expect(mappings.find(({ id }) => id === 'rohr_v1')).toMatchObject({
      reader: 'invoice',
      country: 'PT',
      default: false,
      forSellers: ['PT501234560'],
    });
  });

  it('names the file that extends nothing, extends in a circle, or goes too deep', () => {
    put('lost_v1', { extends: 'nowhere_v1' });
    expect(faults()).toEqual(['lost_v1.json#/extends: there is no mapping nowhere_v1']);
    put('lost_v1', { extends: 'other_v1' });
    put('other_v1', { extends: 'lost_v1' });
    expect(faults()).toEqual([
      'lost_v1.json#/extends: lost_v1.json extends other_v1.json extends lost_v1.json: a circle',
      'other_v1.json#/extends: other_v1.json extends lost_v1.json extends other_v1.json: a circle',
    ]);
    for (let n = 1; n <= 7; n += 1)
      put(`deep_v${n}`, { extends: n === 1 ? 'text_layout_v1' : `deep_v${n - 1}` });
    expect(faults().some((fault) => fault.includes('more than 5 mappings'))).toBe(true);
  });

  it('goes on with the others when a file is broken, and says the place of each fault', () => {
    put('good_v1', { extends: 'text_layout_v1' });
    put('wrong_v1', { extends: 'eu_invoice_v1', fields: { number: { type: 'colour' } } });
    writeFileSync(join(folder, 'cut_v1.json'), '{"id":');
    const { mappings } = read();
    expect(mappings.map(({ id }) => id)).toEqual(['good_v1']);
    expect(read().faults.map(({ path }) => path)).toEqual([
      'cut_v1.json',
      'wrong_v1.json#/fields/number/type',
    ]);
  });

  it('asks a mapping for its own id, version and label, whatever it extends', () => {
    writeFileSync(join(folder, 'bare_v1.json'), '{"extends":"text_layout_v1","id":"bare_v1","label":"Bare"}');
    expect(read().faults.map(({ path }) => path)).toEqual(['bare_v1.json#/version']);
  });

  it('refuses two mappings for one seller', () => {
    put('a_one_v1', { extends: 'eu_invoice_v1', forSellers: ['PT501234560'] });
    put('b_two_v1', { extends: 'eu_invoice_v1', forSellers: ['DE123456789', 'PT501234560'] });
    expect(faults()).toEqual(['b_two_v1.json#/forSellers: the mapping a_one_v1 is already for PT501234560']);
  });
});
