import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeWarnings } from '../../schemas/protocols/gateway-protocol.ts';
import type { Attached } from '../../tests/rooms/gateway/attached-pdf.ts';
import { makeAttachedPdf } from '../../tests/rooms/gateway/attached-pdf.ts';
import type { RunningGateway } from '../server.ts';
import { startGateway } from '../server.ts';

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
let gateway: RunningGateway;
beforeAll(async () => {
  gateway = await startGateway({ port: 0, children: 1, log: quiet });
}, 90_000);
afterAll(() => gateway.close());

const NAMESPACE = 'urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100';
const cii = (
  number: string,
  declaration = '<?xml version="1.0" encoding="UTF-8"?>',
  namespace = NAMESPACE,
): string =>
  `${declaration}\n<rsm:CrossIndustryInvoice xmlns:rsm="${namespace}"><n>${number}</n></rsm:CrossIndustryInvoice>`;
const named = (content: string | Buffer, at: Attached['at'] = { key: 'factur-x.xml' }): Attached => ({
  name: 'factur-x.xml',
  content,
  at,
});

async function taken(...files: Attached[]): Promise<{ result: string; told: string[]; says: string }> {
  const response = await fetch(`${gateway.url}/v1/convert?mapping=einvoice_embedded_v1`, {
    method: 'POST',
    body: makeAttachedPdf(['Rechnung R-1'], files) as BodyInit,
  });
  const text = await response.text();
  const warnings = decodeWarnings(response.headers.get('x-warnings'));
  if (response.ok)
    return { result: text, told: warnings.map(({ code }) => code), says: warnings[0]?.message ?? '' };
  const { code, message } = JSON.parse(text) as { code: string; message: string };
  return { result: code, told: [], says: message };
}

describe('an e-invoice inside a PDF', () => {
  it.each([{ key: 'x' }, 'af', 'page-af', 'annotation'] as const)(
    'is found where it hangs: %j',
    async (at) => {
      expect(await taken(named(cii('A'), at))).toMatchObject({ result: cii('A'), told: [] });
    },
  );

  it('that stands twice under one key with other content is not chosen from', async () => {
    expect(await taken(named(cii('A')), named(cii('B')))).toMatchObject({
      result: 'AMBIGUOUS',
      says: expect.stringContaining('2 different'),
    });
  });

  it('that stands twice under one key with the same content comes out, and the number is told', async () => {
    expect(await taken(named(cii('A')), named(cii('A')))).toEqual({
      result: cii('A'),
      told: ['ATTACHMENTS_ONE_KEY'],
      says: '2 attachments share the key factur-x.xml.',
    });
  });

  it('that the name tree, /AF and an annotation all name is one', async () => {
    const files = [named(cii('A')), named(cii('A'), 'af'), named(cii('A'), 'annotation')];
    expect(await taken(...files)).toMatchObject({ result: cii('A'), told: [] });
  });

  it('in another namespace is no e-invoice, and the refusal names it', async () => {
    const { result, says } = await taken(named(cii('A', '', 'urn:example:invoice')));
    expect([result, says]).toEqual([
      'NO_EMBEDDED_XML',
      'This PDF contains no e-invoice. The attachment factur-x.xml is XML with the root CrossIndustryInvoice of the namespace urn:example:invoice, which is no known e-invoice.',
    ]);
  });

  it('that is named and not there, or is no XML, is said so', async () => {
    expect((await taken({ ...named(''), isHeld: false })).says).toMatch(
      /The PDF names the attachment .* and does not contain it\./,
    );
    expect((await taken(named('hello'))).says).toContain('is not XML, although its name says so');
  });

  it('whose bytes are not in the encoding it declares is refused in those words', async () => {
    const bytes = Buffer.from(cii('São'), 'latin1');
    expect(await taken(named(bytes))).toMatchObject({
      result: 'EMBEDDED_XML_REFUSED',
      says: expect.stringContaining('has bytes that are invalid in its encoding, utf-8'),
    });
  });

  it('that declares an encoding it is not in, and can be read, is told', async () => {
    const said = cii('A', '<?xml version="1.0" encoding="UTF-16"?>');
    expect(await taken(named(said))).toEqual({
      result: said,
      told: ['EMBEDDED_XML_ENCODING'],
      says: 'The embedded e-invoice factur-x.xml declares the encoding utf-16 and is written in utf-8.',
    });
    const wide = Buffer.from(`\uFEFF${said}`, 'utf16le');
    expect(await taken(named(wide))).toMatchObject({ told: [] });
  });

  it('beside a damaged attachment comes out all the same', async () => {
    const damaged = { ...named('', 'annotation'), name: 'picture.png', isHeld: false };
    expect(await taken(damaged, named(cii('A'), 'af'))).toMatchObject({ result: cii('A'), told: [] });
  });
});
