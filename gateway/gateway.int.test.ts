import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { XmlDocument, XsdValidator } from 'libxml2-wasm';
import { xmlRegisterFsInputProviders } from 'libxml2-wasm/lib/nodejs.mjs';
import {
  GATEWAY_REFUSAL_CODES,
  decodeWarnings,
  gatewayHealthSchema,
  gatewayMappingsSchema,
} from '../schemas/protocols/gateway-protocol.ts';
import { gatewayExplanationSchema } from '../schemas/protocols/gateway-explanation.ts';
import { readUbl } from './accuracy/read-ubl.ts';
import { scoreDocument } from './accuracy/score.ts';
import { readTruths, truthOf } from './accuracy/truth.ts';
import { makeInvoice, makeInvoicePdf } from '../tests/rooms/gateway/invoice-pdf.ts';
import { STYLES } from '../tests/rooms/gateway/invoice-style.ts';
import { makeHostilePdfs, makePlainPdf, makeTimetablePdf } from '../tests/rooms/gateway/other-pdf.ts';
import { choices } from '../tests/rooms/gateway/random.ts';
import { ublSample } from '../tests/rooms/gateway/ubl-sample.ts';
import type { RunningGateway } from './server.ts';
import { startGateway } from './server.ts';
import { sha256Of } from '../schemas/sha256.ts';

const corpus = fileURLToPath(new URL('../../shared/corpus', import.meta.url));
const xsd = join(corpus, 'ubl-2.1-xsd', 'maindoc');
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
const SLOW_MS = 90_000;

let gateway: RunningGateway;
beforeAll(async () => {
  gateway = await startGateway({ port: 0, children: 2, log: quiet });
}, SLOW_MS);
afterAll(() => gateway.close());

async function convert(
  pdf: Uint8Array,
  mapping = 'pt_simon_invoice_v1',
  more = '',
): Promise<{ response: Response; text: string; code: string; message: string }> {
  const response = await fetch(`${gateway.url}/v1/convert?mapping=${mapping}${more}`, {
    method: 'POST',
    body: pdf as BodyInit,
    headers: { 'Content-Type': 'application/pdf', 'X-Job-Id': 'test' },
  });
  const text = await response.text();
  const refusal = response.ok
    ? { code: 'OK', message: '' }
    : (JSON.parse(text) as { code: string; message: string });
  return { response, text, ...refusal };
}

const validators = new Map<string, XsdValidator>();

function validator(kind: string): XsdValidator {
  const known = validators.get(kind);
  if (known) return known;
  xmlRegisterFsInputProviders();
  const path = join(xsd, `UBL-${kind}-2.1.xsd`);
  const made = XsdValidator.fromDoc(
    XmlDocument.fromBuffer(readFileSync(path), { url: pathToFileURL(path).href }),
  );
  validators.set(kind, made);
  return made;
}

function expectValid(xml: string): void {
  if (!existsSync(xsd)) return;
  const document = XmlDocument.fromString(xml);
  validator(xml.includes('<CreditNote') ? 'CreditNote' : 'Invoice').validate(document);
  document.dispose();
}

describe('the gateway over HTTP', () => {
  it('says what it can do', async () => {
    expect(
      gatewayMappingsSchema.parse(await (await fetch(`${gateway.url}/v1/mappings`)).json()),
    ).toHaveLength(6);
    expect(gatewayHealthSchema.parse(await (await fetch(`${gateway.url}/health`)).json()).status).toBe('ok');
    expect(await (await fetch(`${gateway.url}/metrics`)).text()).toContain('gateway_children');
    expect((await fetch(`${gateway.url}/nowhere`)).status).toBe(404);
  });

  it('answers with the digest of the result and of the source', async () => {
    const pdf = await makeInvoicePdf(11, { layout: 'classic' });
    const { response, text } = await convert(pdf);
    expect(response.status).toBe(200);
    expect(response.headers.get('repr-digest')).toBe(
      `sha-256=:${createHash('sha256').update(text).digest('base64')}:`,
    );
    expect(response.headers.get('x-source-sha256')).toBe(sha256Of(pdf));
    expect(response.headers.get('content-type')).toBe('application/xml; charset=utf-8');
    expect(Number(response.headers.get('x-pages'))).toBeGreaterThan(0);
    expect(decodeWarnings(response.headers.get('x-warnings'))).toEqual([]);
    expectValid(text);
  });

  it('refuses an unknown mapping and an unknown parameter before reading anything [R14.02]', async () => {
    expect(await convert(Buffer.from('x'), '../secret')).toMatchObject({ code: 'UNKNOWN_MAPPING' });
    expect(await convert(Buffer.from('x'), 'text_layout_v1', '&evil=1')).toMatchObject({
      code: 'BAD_PARAMETER',
    });
  });
});

describe('made-up invoices', () => {
  it.each(STYLES.map((style) => style.name))(
    'of layout %s come out with every value right',
    async (layout) => {
      for (const seed of [1, 2]) {
        const made = await makeInvoice(seed + 100 * STYLES.findIndex((s) => s.name === layout), { layout });
        const { text, code, message } = await convert(made.pdf);
        expect({ code, message }).toEqual({ code: 'OK', message: '' });
        expect(scoreDocument(truthOf(made.truth.id, made.truth), readUbl(text), '').differences).toEqual([]);
        expectValid(text);
      }
    },
    SLOW_MS,
  );

  it(
    'over several pages leave carried amounts out',
    async () => {
      const made = await makeInvoice(77, { layout: 'classic', lines: 60, type: 'FT' });
      const { text } = await convert(made.pdf);
      expect(readUbl(text).lines).toHaveLength(60);
    },
    SLOW_MS,
  );

  it('that are credit notes become a CreditNote', async () => {
    const { text } = await convert(await makeInvoicePdf(5, { layout: 'boxed', type: 'NC' }));
    expect(text).toContain('<CreditNote ');
    expect(text).toContain('<cbc:CreditNoteTypeCode>381<');
    expectValid(text);
  });

  it('whose total does not add up fail with the rule and both values', async () => {
    const { response, code, message } = await convert(
      await makeInvoicePdf(5, { layout: 'classic', wrongTotal: true }),
    );
    expect(response.status).toBe(422);
    expect(code).toBe('CHECKS_FAILED');
    expect(message).toMatch(/BR-CO-15.*987654\.32 and [\d.]+/);
  });

  it('whose QR code says something else fail', async () => {
    expect(await convert(await makeInvoicePdf(6, { layout: 'classic', wrongQr: true }))).toMatchObject({
      code: 'CHECKS_FAILED',
      message: expect.stringContaining('PT-QR'),
    });
  });

  it('are the same bytes for the same seed', async () => {
    expect(await makeInvoicePdf(9)).toEqual(await makeInvoicePdf(9));
  });
});

describe('what a reader does not see', () => {
  it('is left out and counted: white on white, covered, outside the page', async () => {
    const pdf = await makePlainPdf({
      texts: [['Seen words', 50, 50]],
      draw: (sheet) => {
        sheet.fillColor('#ffffff').text('Ghost', 50, 100, { lineBreak: false });
        sheet.fillColor('#000000').text('Buried', 50, 150, { lineBreak: false });
        sheet.rect(40, 140, 100, 30).fill('#ffffff');
        sheet.fillColor('#000000').text('Beyond', 900, 200, { lineBreak: false });
        sheet.rect(40, 240, 100, 30).fill('#003366');
        sheet.fillColor('#ffffff').text('Headline', 50, 250, { lineBreak: false });
      },
    });
    const { text, response } = await convert(pdf, 'text_layout_v1');
    expect(text).toContain('Seen');
    expect(text).toContain('Headline');
    for (const hidden of ['Ghost', 'Buried', 'Beyond']) expect(text).not.toContain(hidden);
    expect(
      decodeWarnings(response.headers.get('x-warnings'))
        .map((w) => w.code)
        .sort(),
    ).toEqual(['TEXT_COVERED', 'TEXT_OUTSIDE_PAGE', 'TEXT_SAME_COLOUR']);
  });

  it('does not merge two letters side by side', async () => {
    const { text } = await convert(
      await makePlainPdf({ texts: [['Toller Allround millennial', 50, 50]] }),
      'text_layout_v1',
    );
    for (const word of ['Toller', 'Allround', 'millennial']) expect(text).toContain(`>${word}<`);
  });
});

describe('embedded e-invoices', () => {
  const cii =
    '<?xml version="1.0"?><rsm:CrossIndustryInvoice xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"><a>é</a></rsm:CrossIndustryInvoice>\n';
  const ask = async (...contents: string[]) =>
    convert(
      await makePlainPdf({
        texts: [['Rechnung', 50, 50]],
        attachments: contents.map((content, i) => ({ name: `${i}.bin`, content })),
      }),
      'einvoice_embedded_v1',
    );

  it('come out byte for byte, whatever the file is called', async () => {
    expect(await ask('<other/>', cii)).toMatchObject({ code: 'OK', text: cii });
  });

  it('in UBL come out as they are, with a warning for each rule of EN 16931 that they break', async () => {
    const warnedOf = (response: Response): string[] =>
      decodeWarnings(response.headers.get('x-warnings')).map(({ code }) => code);
    const kept = await ask(ublSample());
    expect([kept.text, warnedOf(kept.response)]).toEqual([ublSample(), []]);
    const broken = await ask(ublSample().replace('>178.35<', '>178.36<'));
    expect([broken.code, warnedOf(broken.response)]).toEqual(['OK', ['BR-CO-15', 'BR-CO-16']]);
  });

  it('are refused when there are none, two, one with a DOCTYPE, or one that is broken', async () => {
    expect(await ask('<other/>')).toMatchObject({ code: 'NO_EMBEDDED_XML' });
    expect(await ask(cii, cii.replace('é', 'e'))).toMatchObject({ code: 'AMBIGUOUS' });
    expect(await ask(cii.replace('?>', '?><!DOCTYPE x [<!ENTITY a "b">]>'))).toMatchObject({
      code: 'EMBEDDED_XML_REFUSED',
    });
    expect(await ask(cii.replace('</a>', ''))).toMatchObject({ code: 'EMBEDDED_XML_REFUSED' });
  });
});

describe('timetables', () => {
  it('become repeating events with a zone, an end and exceptions [R14.03]', async () => {
    const { text, response } = await convert(
      await makeTimetablePdf(),
      'schedule_ics_v1',
      '&param.holidays=2024-10-07',
    );
    expect(response.headers.get('content-type')).toBe('text/calendar; charset=utf-8');
    const plain = text.replaceAll('\r\n ', '');
    expect(plain.match(/BEGIN:VEVENT/g)).toHaveLength(4);
    expect(plain).toContain('DTSTART;TZID=Europe/Lisbon:20240916T090000');
    expect(plain).toContain('RRULE:FREQ=WEEKLY;UNTIL=20241220T235900Z;BYDAY=MO');
    expect(plain).toContain('EXDATE;TZID=Europe/Lisbon:20241007T090000');
    expect(plain).toContain('SUMMARY:História\\; Arte');
    expect(plain).toContain('LOCATION:Sala 2.1');
    expect(plain).toContain('TZOFFSETTO:+0000');
    const again = await convert(await makeTimetablePdf(), 'schedule_ics_v1', '&param.holidays=2024-10-07');
    const withoutMaking = (calendar: string): string => calendar.replace(/^(?:DTSTAMP|SEQUENCE):.*$/gm, '');
    expect(withoutMaking(again.text)).toBe(withoutMaking(text));
  });

  it('are refused with parameters that mean nothing', async () => {
    expect(
      await convert(await makeTimetablePdf(), 'schedule_ics_v1', '&param.timeZone=Mars/Base'),
    ).toMatchObject({ code: 'BAD_PARAMETER' });
    expect(await convert(await makeTimetablePdf(), 'schedule_ics_v1', '&param.termStart=soon')).toMatchObject(
      { code: 'BAD_PARAMETER' },
    );
  });
});

describe('explain', () => {
  it('shows for each field what was found, where, and against what', async () => {
    const pdf = await makeInvoicePdf(12, { layout: 'classic', wrongTotal: true });
    const answer = gatewayExplanationSchema.parse(
      await (
        await fetch(`${gateway.url}/v1/explain?mapping=pt_simon_invoice_v1`, {
          method: 'POST',
          body: pdf as BodyInit,
        })
      ).json(),
    );
    expect(answer.result.code).toBe('CHECKS_FAILED');
    expect(answer.pages[0]).toMatchObject({ page: 1, width: expect.any(Number) });
    const number = answer.values.find((value) => value.path === 'number');
    expect(number).toMatchObject({ page: 1, pageWidth: answer.pages[0]?.width, raw: number?.value });
    expect(number?.box?.x0).toBeGreaterThan(0);
    expect(number?.box?.x1).toBeLessThan(answer.pages[0]?.width ?? 0);
    expect(answer.values.map((value) => value.path)).toEqual(
      expect.arrayContaining(['seller.vatId', 'buyer.postalCode', 'lines[0].total', 'vat[0].rate']),
    );
    expect(answer.checks.some((c) => c.rule === 'BR-CO-15' && !c.ok)).toBe(true);
    expect(answer.details['candidates']).toHaveProperty('number');
  });

  it('says why a document is not one of the mapping’s', async () => {
    const response = await fetch(`${gateway.url}/v1/explain?mapping=pt_simon_invoice_v1`, {
      method: 'POST',
      body: (await makePlainPdf({ texts: [['A letter about nothing', 50, 50]] })) as BodyInit,
    });
    const answer = gatewayExplanationSchema.parse(await response.json());
    expect(answer.result).toMatchObject({ code: 'MAPPING_MISMATCH', message: expect.any(String) });
    expect(answer.values).toEqual([]);
  });

  it(
    'draws a page as PNG, bare or with boxes and what was read beside it',
    async () => {
      const pdf = await makeInvoicePdf(12, { layout: 'classic' });
      const draw = (query: string): Promise<Response> =>
        fetch(`${gateway.url}/v1/explain?mapping=pt_simon_invoice_v1&${query}`, {
          method: 'POST',
          body: pdf as BodyInit,
        });
      const widthOf = async (response: Response): Promise<number> => {
        expect(response.headers.get('content-type')).toBe('image/png');
        return Buffer.from(await response.arrayBuffer()).readUInt32BE(16);
      };
      const bare = await widthOf(await draw('image=1&draw=page&scale=1'));
      expect(bare).toBeGreaterThanOrEqual(595);
      expect(bare).toBeLessThan(620);
      expect(await widthOf(await draw('image=1&scale=1'))).toBeGreaterThan(bare + 300);
      for (const wrong of ['image=0', 'image=99', 'image=1&draw=all', 'image=1&scale=9', 'image=1&scale=x'])
        expect((await draw(wrong)).status).toBe(400);
    },
    SLOW_MS,
  );
});

describe('bad files', () => {
  it(
    'each end in their class and the gateway goes on',
    async () => {
      const good = await makeInvoicePdf(3, { layout: 'classic' });
      for (const { name, pdf, codes } of await makeHostilePdfs(good)) {
        const { code } = await convert(pdf, 'text_layout_v1');
        expect({ name, ok: codes.includes(code), code }).toEqual({ name, ok: true, code });
      }
      expect(await convert(good)).toMatchObject({ code: 'OK' });
    },
    SLOW_MS,
  );

  it(
    'by seeded mutation end in a result or a listed code',
    async () => {
      const random = choices(20261122);
      const good = await makeInvoicePdf(4, { layout: 'boxed' });
      for (let i = 0; i < 25; i += 1) {
        const pdf = Buffer.from(good);
        for (let k = random.whole(1, 40); k > 0; k -= 1)
          pdf[random.whole(0, pdf.length - 1)] = random.whole(0, 255);
        const { code } = await convert(pdf);
        expect(['OK', ...GATEWAY_REFUSAL_CODES.filter((c) => c !== 'INTERNAL')]).toContain(code);
      }
    },
    SLOW_MS,
  );
});

const ptInvoices = join(corpus, 'pt-invoices');
const PRESENT = existsSync(ptInvoices) && readdirSync(ptInvoices).length > 0;
(PRESENT ? describe : describe.skip)(
  `the Portuguese sample invoices${PRESENT ? '' : ' (skipped: ../shared/corpus is not here)'}`,
  () => {
    it(
      'come out with every value right and valid against the UBL schema',
      async () => {
        for (const truth of readTruths(ptInvoices)) {
          const { text, message } = await convert(readFileSync(join(ptInvoices, truth.file)));
          expect({ file: truth.file, message }).toEqual({ file: truth.file, message: '' });
          expect({
            file: truth.file,
            differences: scoreDocument(truth, readUbl(text), '').differences,
          }).toEqual({ file: truth.file, differences: [] });
          expectValid(text);
        }
      },
      SLOW_MS,
    );
  },
);
