import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { mappingJsonSchema } from './mapping-json-schema.ts';
import { shippedMappingFiles } from './registry.ts';

const published = new URL('../../docs/mapping.schema.json', import.meta.url);

describe('the JSON Schema of mappings', () => {
  it('is published as the gateway has it (npm run --silent docket -- mapping schema)', () => {
    expect(JSON.parse(readFileSync(published, 'utf8'))).toEqual(mappingJsonSchema());
  });

  const { then: extension, else: whole } = mappingJsonSchema();
  const accepts = (schema: unknown, mapping: unknown): boolean =>
    z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]).safeParse(mapping).success;

  it('takes every shipped mapping, and none of them with a name it does not know', () => {
    for (const [, mapping] of shippedMappingFiles()) {
      expect(accepts(whole, mapping)).toBe(true);
      expect(accepts(whole, { ...mapping, collour: 'red' })).toBe(false);
    }
  });

  it('takes a file that extends another, with additions and removals, and no misspelt name in it', () => {
    const file = {
      extends: 'eu_invoice_v1',
      id: 'mine_v1',
      version: 1,
      label: 'Mine',
      fields: { number: { labels: { add: ['Ref'] } }, dueDate: null },
      parties: { seller: { given: { name: 'Rohr Lda', vatId: 'PT501234560' } } },
    };
    expect(accepts(extension, file)).toBe(true);
    expect(accepts(extension, { ...file, parties: { seler: {} } })).toBe(false);
    expect(accepts(extension, { ...file, version: undefined })).toBe(false);
  });
});
