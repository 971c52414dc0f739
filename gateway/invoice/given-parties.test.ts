import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { GatewayExplanation } from '../../schemas/protocols/gateway-explanation.ts';
import type { GatewayWarning } from '../../schemas/protocols/gateway-protocol.ts';
import { readUbl, type UblContent } from '../accuracy/read-ubl.ts';
import { convert, takeMappings } from '../conversion/convert.ts';
import { makePlainInvoice, type PlainInvoice } from '../../tests/rooms/gateway/plain-invoice.ts';
import { contentHash } from '../mapping/content-hash.ts';
import { loadMappings, type MappingRegistry } from '../mapping/registry.ts';
import { loadPdfjs } from '../pdf/open-document.ts';
import type { ConverterSuccess } from '../protocol/child-protocol.ts';
import { Refusal } from '../protocol/refusal.ts';

beforeAll(loadPdfjs, 60_000);
afterEach(() => takeMappings([]));

/** Reads mappings from files, as the gateway reads them from an operator's folder. */
function take(files: Readonly<Record<string, object>>): MappingRegistry {
  const folder = mkdtempSync(join(tmpdir(), 'docket-given-'));
  try {
    for (const [id, says] of Object.entries(files))
      writeFileSync(join(folder, `${id}.json`), JSON.stringify({ id, version: 3, label: id, ...says }));
    const registry = loadMappings(folder);
    takeMappings(registry.own());
    return registry;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const given = (party: object): object => ({
  extends: 'eu_invoice_v1',
  parties: { seller: { given: party } },
});

interface Answer {
  readonly code: string;
  readonly message: string;
  readonly said: UblContent['fields'];
  readonly warnings: readonly GatewayWarning[];
  readonly convertedBy: ConverterSuccess['convertedBy'];
}

async function read(page: PlainInvoice, mappingId: string): Promise<Answer> {
  const nothing = { said: {}, warnings: [], convertedBy: undefined };
  try {
    const pdf = await makePlainInvoice(page);
    const outcome = await convert({ id: 1, kind: 'convert', mappingId, parameters: {}, pdf });
    if (!outcome.ok) return { code: outcome.code, message: outcome.message, ...nothing };
    const said = readUbl(new TextDecoder().decode(outcome.body)).fields;
    return { code: 'OK', message: '', said, warnings: outcome.warnings, convertedBy: outcome.convertedBy };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { code: error.code, message: error.message, ...nothing };
  }
}

const about = ({ warnings }: Answer): string[] =>
  warnings.filter(({ code }) => code === 'GIVEN-PARTY').map(({ message }) => message);

describe('a seller that the mapping gives', () => {
  const MOLL = { vatId: 'DE136695976', name: 'Moll Tischlerei und Söhne GmbH' };

  it('is in the result, marked as given, with the place where the page prints it', async () => {
    take({ moll_v1: given({ ...MOLL, printedName: 'Tischlerei Moll GmbH' }) });
    const answer = await read({}, 'moll_v1');
    expect(answer).toMatchObject({ code: 'OK', said: { sellerName: MOLL.name, sellerVat: MOLL.vatId } });
    expect(about(answer)).toEqual([]);
    const pdf = await makePlainInvoice({});
    const outcome = await convert({ id: 1, kind: 'explain', mappingId: 'moll_v1', parameters: {}, pdf });
    const told = JSON.parse(
      new TextDecoder().decode((outcome as ConverterSuccess).body),
    ) as GatewayExplanation;
    expect(told.values.find(({ path }) => path === 'seller.name')).toMatchObject({
      value: MOLL.name,
      raw: 'Tischlerei Moll GmbH',
      page: 1,
      rule: 'given by the mapping, and printed',
    });
    expect(told.checks.filter(({ rule }) => rule === 'GIVEN-PARTY').every(({ ok }) => ok)).toBe(true);
  });

  it('is refused on a page that prints another tax number, with both', async () => {
    take({ moll_v1: given(MOLL) });
    const seller = ['Schreinerei Kunz KG', 'Am Anger 3', '04109 Leipzig', 'USt-IdNr.: DE811907980'];
    const { code, message } = await read({ seller }, 'moll_v1');
    expect(code).toBe('CHECKS_FAILED');
    expect(message).toMatch(/^GIVEN-PARTY: .*DE136695976 and DE811907980/);
  });

  it('is refused on a page where the number is the buyer’s', async () => {
    take({ moll_v1: given(MOLL) });
    const { code, message } = await read(
      {
        seller: ['Schreinerei Kunz KG', 'Am Anger 3', '04109 Leipzig', 'USt-IdNr.: DE811907980'],
        buyer: ['Tischlerei Moll GmbH', 'Markt 1', '99084 Erfurt', 'Ihre USt-IdNr.: DE136695976'],
      },
      'moll_v1',
    );
    expect({ code, message }).toMatchObject({
      code: 'CHECKS_FAILED',
      message: expect.stringMatching(/GIVEN/),
    });
  });

  it('is told where the page prints no tax number at all', async () => {
    take({ moll_v1: given({ ...MOLL, printedName: 'Tischlerei Moll GmbH' }) });
    const answer = await read({ seller: ['Tischlerei Moll GmbH', 'Am Anger 3', '04109 Leipzig'] }, 'moll_v1');
    expect(answer).toMatchObject({ code: 'OK', said: { sellerVat: MOLL.vatId } });
    expect(about(answer)).toEqual([
      "GIVEN-PARTY: the seller's tax number, which the mapping gives as DE136695976, is missing or could not be read.",
    ]);
  });

  it('is told where the page prints another name, street, postal code or town', async () => {
    const address = { street: 'Neuer Weg 9', postalCode: '04109', city: 'Leipzig' };
    take({ moll_v1: given({ ...MOLL, ...address }) });
    const answer = await read({}, 'moll_v1');
    expect(answer).toMatchObject({
      code: 'OK',
      said: { sellerName: MOLL.name, sellerStreet: 'Neuer Weg 9' },
    });
    expect(about(answer)).toEqual([
      "GIVEN-PARTY: the seller's name as the mapping gives it and as the page prints it do not agree: Moll Tischlerei und Söhne GmbH and Tischlerei Moll GmbH.",
      "GIVEN-PARTY: the seller's street as the mapping gives it and as the page prints it do not agree: Neuer Weg 9 and Am Anger 3.",
    ]);
  });
});

describe('a mapping that is chosen by the seller’s tax number', () => {
  const moll = {
    ...given({ vatId: 'DE136695976', name: 'Tischlerei Moll GmbH' }),
    forSellers: ['DE136695976'],
  };

  it('converts what is uploaded under a mapping that hands over, and the result says so with version and hash', async () => {
    const registry = take({ moll_v1: moll });
    const chosen = registry.get('moll_v1');
    const answer = await read({}, 'eu_invoice_v1');
    expect(answer.convertedBy).toEqual({
      id: 'moll_v1',
      version: 3,
      contentHash: chosen && contentHash(chosen),
    });
    expect(
      (await read({ seller: ['Kunz KG', 'USt-IdNr.: DE811907980'] }, 'eu_invoice_v1')).convertedBy?.id,
    ).not.toBe('moll_v1');
  });

  it('is found however the number is printed', async () => {
    take({ moll_v1: moll });
    for (const printed of ['DE 136 695 976', 'DE-136695976', '136695976']) {
      const seller = ['Tischlerei Moll GmbH', 'Am Anger 3', '04109 Leipzig', `USt-IdNr.: ${printed}`];
      expect((await read({ seller }, 'eu_invoice_v1')).convertedBy?.id).toBe('moll_v1');
    }
  });

  it('is not chosen when the number is the buyer’s, or the mapping asked for does not hand over', async () => {
    take({ moll_v1: moll, closed_v1: { extends: 'eu_invoice_v1' } });
    const asBuyer: PlainInvoice = {
      seller: ['Schreinerei Kunz KG', 'Am Anger 3', '04109 Leipzig', 'USt-IdNr.: DE811907980'],
      buyer: ['Tischlerei Moll GmbH', 'Markt 1', '99084 Erfurt', 'Ihre USt-IdNr.: DE136695976'],
    };
    expect((await read(asBuyer, 'eu_invoice_v1')).convertedBy?.id).toBe('eu_invoice_v1');
    expect((await read({}, 'closed_v1')).convertedBy?.id).toBe('closed_v1');
  });

  it('refuses a page with the numbers of two such sellers, and a refusal names the mapping that read', async () => {
    take({ moll_v1: moll, kunz_v1: { extends: 'eu_invoice_v1', forSellers: ['DE811907980'] } });
    const { code, message } = await read({ after: ['Lager: DE811907980'] }, 'eu_invoice_v1');
    expect({ code, message }).toMatchObject({
      code: 'AMBIGUOUS',
      message: expect.stringMatching(/kunz_v1.*moll_v1/),
    });
    take({ moll_v1: moll });
    const wrong = await read(
      {
        totals: [
          ['Nettobetrag', '400,00 EUR'],
          ['MwSt. 19 %', '76,00 EUR'],
          ['Gesamtbetrag', '499,00 EUR'],
        ],
      },
      'eu_invoice_v1',
    );
    expect(wrong.code).not.toBe('OK');
    expect(wrong.message).toMatch(/It was read by the mapping moll_v1\.$/);
  });
});
