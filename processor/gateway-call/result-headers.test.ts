import { describe, expect, it } from '@jest/globals';
import {
  encodeConvertedBy,
  encodeInvoiceIdentity,
  encodeWarnings,
  GATEWAY_HEADERS,
} from '../../schemas/protocols/gateway-protocol.ts';
import { readResultHeaders } from './result-headers.ts';

const source = 'a'.repeat(64);
const mapping = { id: 'eu_invoice_v1', version: 2 };

/** The head of a good answer, with some of it otherwise. */
function read(more: Readonly<Record<string, string>>): ReturnType<typeof readResultHeaders> {
  const head = {
    'Content-Type': 'application/xml; charset=utf-8',
    [GATEWAY_HEADERS.reprDigest]: `sha-256=:${Buffer.alloc(32).toString('base64')}:`,
    [GATEWAY_HEADERS.sourceSha256]: source,
    [GATEWAY_HEADERS.pages]: '1',
    [GATEWAY_HEADERS.conversionMs]: '5',
    ...more,
  };
  const headers = Object.fromEntries(
    Object.entries(head).map(([name, value]) => [name.toLowerCase(), value]),
  );
  return readResultHeaders(headers, { sourceSha256: source, mapping });
}

describe('what the gateway says of a result', () => {
  it('keeps a warning whose code is the number of a rule, hyphens and all', () => {
    const warnings = [
      { code: 'BR-CO-15', message: 'BR-CO-15: 12.30 and 12.40.' },
      { code: 'BUYER_COUNTRY', message: 'The country is the seller’s.' },
    ];
    expect(read({ [GATEWAY_HEADERS.warnings]: encodeWarnings(warnings) }).warnings).toEqual(warnings);
  });

  it('names the mapping that made it, which may be another than the one asked for', () => {
    const convertedBy = { id: 'rohr_v1', version: 7, contentHash: 'b'.repeat(64) };
    expect(read({ [GATEWAY_HEADERS.convertedBy]: encodeConvertedBy(convertedBy) }).convertedBy).toEqual(
      convertedBy,
    );
    expect(read({}).convertedBy).toBeNull();
    expect(() => read({ [GATEWAY_HEADERS.convertedBy]: 'rohr_v1' })).toThrow('names the mapping');
  });

  it('names the invoice in it, whatever its letters, and is refused when that cannot be read', () => {
    const invoice = { sellerTaxId: 'PT508332559', number: 'FT 2026/nº–17', issueDate: '2026-03-01' };
    expect(read({ [GATEWAY_HEADERS.invoice]: encodeInvoiceIdentity(invoice) }).invoice).toEqual(invoice);
    expect(read({}).invoice).toBeNull();
    expect(() => read({ [GATEWAY_HEADERS.invoice]: 'e30' })).toThrow('identifies the invoice');
  });

  it('may come of a newer version of the mapping than the upload named, and not of an older one', () => {
    expect(read({ [GATEWAY_HEADERS.mappingVersion]: '3' }).pages).toBe(1);
    expect(() => read({ [GATEWAY_HEADERS.mappingVersion]: '1' })).toThrow('older version of the mapping');
  });
});
