import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { createPdfCheck } from './pdf-check.ts';

const BODY = '\n1 0 obj\n<</Type/Catalog>>\nendobj\nxref\n0 1\ntrailer\n<<>>\nstartxref\n9\n%%EOF\n';
const corpus = join(import.meta.dirname, '../../../shared/corpus/hostile');

function verdict(bytes: Buffer, chunkBytes: number, strictHeader = true): 'PDF' | 'NOT_PDF' {
  const check = createPdfCheck({ strictHeader });
  try {
    for (let at = 0; at < bytes.length; at += chunkBytes) check.see(bytes.subarray(at, at + chunkBytes));
    check.finish();
    return 'PDF';
  } catch (error) {
    return (error as { code: 'NOT_PDF' }).code;
  }
}

/** The result of the check, which must not depend on how the bytes are split. */
function verdictOf(text: string, { strictHeader } = { strictHeader: true }): string {
  const bytes = Buffer.from(text, 'latin1');
  const verdicts = new Set([1, 3, 7, 1000, 65536].map((size) => verdict(bytes, size, strictHeader)));
  expect(verdicts.size).toBe(1);
  return [...verdicts][0]!;
}

describe('the look for a PDF', () => {
  it.each([
    ['a plain one', `%PDF-1.7${BODY}`],
    ['after a byte order mark', `\xef\xbb\xbf%PDF-1.7${BODY}`],
    ['after white space', `\r\n \t%PDF-1.7${BODY}`],
    ['after both', `\xef\xbb\xbf\n%PDF-1.7${BODY}`],
    [
      'one with a cross-reference stream alone',
      `%PDF-1.7\n7 0 obj<</Type/XRef/Size 1>>stream\n\nendstream endobj\n`,
    ],
    [
      'a linearized one that lost its end',
      `%PDF-1.7\n1 0 obj<</Linearized 1>>endobj\nstartxref\n0\n%%EOF\n${'x'.repeat(9000)}`,
    ],
    ['one without an end mark', `%PDF-1.7${BODY.replace('%%EOF', '')}`],
    ['a trailer and nothing else, which the gateway will call corrupt', '%PDF-1.7\ntrailer\n<<>>\n'],
    ['a version nobody knows', `%PDF-9.9${BODY}`],
    ['one with a ZIP behind it', `%PDF-1.7${BODY}PK\x05\x06${'z'.repeat(9000)}`],
  ])('takes %s', (_what, text) => {
    expect(verdictOf(text)).toBe('PDF');
  });

  it.each([
    ['nothing', ''],
    ['one byte', '%'],
    ['text by another name [A-UP01]', 'hello\n'],
    ['text that begins like a PDF', `%PDF-1.7 is a fine format. ${'Dear sir. '.repeat(3000)}`],
    ['a PNG', '\x89PNG\r\n\x1a\n'],
    ['an image before the PDF [A-UP04]', `GIF89a%PDF-1.7${BODY}`],
    ['a script before the PDF [A-UP04]', `<script>alert(1)</script>%PDF-1.7${BODY}`],
    ['1,000 bytes of junk before the PDF [A-UP03]', `${'j'.repeat(1000)}%PDF-1.7${BODY}`],
    ['one that was cut off before its trailer', `%PDF-1.7${BODY.slice(0, 40)}${'x'.repeat(9000)}`],
    ['a header and an end mark', '%PDF-1.7\n%%EOF\n'],
    ['endless white space', ' '.repeat(5000)],
    ['half a byte order mark', `\xef\xbb%PDF-1.7${BODY}`],
  ])('refuses %s', (_what, text) => {
    expect(verdictOf(text)).toBe('NOT_PDF');
  });

  it('finds the header in the first 1,024 bytes when it need not be first [A-UP03]', () => {
    expect(verdictOf(`${'j'.repeat(1000)}%PDF-1.7${BODY}`, { strictHeader: false })).toBe('PDF');
    expect(verdictOf(`${'j'.repeat(2000)}%PDF-1.7${BODY}`, { strictHeader: false })).toBe('NOT_PDF');
  });

  it('refuses a text at its first bytes, not at its end', () => {
    expect(() => createPdfCheck({ strictHeader: true }).see(Buffer.from('hello'))).toThrow('does not begin');
  });

  const withCorpus = existsSync(corpus) ? it : it.skip;
  withCorpus('agrees with the hostile corpus (skipped where ../shared/corpus is absent)', () => {
    const expected = readFileSync(join(corpus, 'expected.tsv'), 'utf8').trim().split('\n');
    expect(expected.length).toBeGreaterThan(50);
    const present = new Set(readdirSync(corpus));
    for (const [classes = '', file = ''] of expected.map((line) => line.split('\t'))) {
      if (!present.has(file)) continue;
      const seen = verdict(readFileSync(join(corpus, file)), 65536);
      const allowed = classes.split('|');
      // The check may refuse a file that no reader can open (`CORRUPT`). It must refuse a file that is no PDF.
      const isTold = ['NOT_PDF', 'CORRUPT'].some((one) => allowed.includes(one));
      const fits = seen === 'NOT_PDF' ? isTold : allowed.some((one) => one !== 'NOT_PDF');
      expect({ file, seen, fits }).toEqual({ file, seen, fits: true });
    }
  });
});
