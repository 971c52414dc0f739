import { describe, expect, it } from '@jest/globals';
import { extendedMapping } from './extend-mapping.ts';

describe('a mapping that extends another', () => {
  const base = {
    id: 'base_v1',
    version: 7,
    label: 'Base',
    default: true,
    locked: true,
    handsOver: true,
    fields: { number: { type: 'text', labels: ['No'] }, due: { type: 'date' } },
    checks: [{ rule: 'BR-01' }],
  };
  const own = { extends: 'base_v1', id: 'own_v1', version: 1, label: 'Own' };

  it('takes over what the base reads, and nothing of who the base is', () => {
    expect(extendedMapping(base, own)).toEqual({
      id: 'own_v1',
      version: 1,
      label: 'Own',
      fields: base.fields,
      checks: base.checks,
    });
    expect(extendedMapping(base, { extends: 'base_v1', id: 'own_v1' })).not.toHaveProperty('version');
  });

  it('merges objects name by name, replaces lists, adds to them, and takes out what is null', () => {
    const made = extendedMapping(base, {
      ...own,
      fields: { number: { labels: { add: ['Ref'] } }, due: null, order: { type: 'text' } },
      checks: [{ rule: 'BR-02' }],
    });
    expect(made['fields']).toEqual({
      number: { type: 'text', labels: ['No', 'Ref'] },
      order: { type: 'text' },
    });
    expect(made['checks']).toEqual([{ rule: 'BR-02' }]);
    expect(extendedMapping(base, { ...own, decoys: { add: ['Page'] } })['decoys']).toEqual(['Page']);
  });

  it('leaves the base as it was, and no name reaches a prototype', () => {
    const before = structuredClone(base);
    const hostile = JSON.parse('{"extends":"base_v1","fields":{"__proto__":{"polluted":true}}}') as object;
    extendedMapping(base, hostile as typeof own);
    expect(base).toEqual(before);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});
