import { describe, expect, it } from '@jest/globals';
import { usualMapping } from './drop-zone.tsx';

const mapping = (id: string) => ({ id, default: id === 'pt_simon_invoice_v1' });
const SHIPPED = ['pt_simon_invoice_v1', 'invoice_v1', 'text_layout_v1'].map(mapping);
const API = 'pt_simon_invoice_v1';

describe('the mapping that the page begins with', () => {
  it('detects what a PDF is, though the API takes another for an upload that names none', () => {
    expect(usualMapping(SHIPPED, null, API)).toBe('invoice_v1');
  });

  it('is what the user chose last, while there is such a mapping', () => {
    expect(usualMapping(SHIPPED, API, API)).toBe(API);
    expect(usualMapping(SHIPPED, 'gone_v1', API)).toBe('invoice_v1');
  });

  it('is the operator’s where one is set, and the default where nothing detects', () => {
    expect(usualMapping(SHIPPED, null, 'text_layout_v1')).toBe('text_layout_v1');
    expect(usualMapping([mapping(API)], null, API)).toBe(API);
    expect(usualMapping([], null, API)).toBe(API);
  });
});
