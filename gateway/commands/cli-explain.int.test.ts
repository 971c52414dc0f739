import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { gatewayExplanationSchema } from '../../schemas/protocols/gateway-explanation.ts';
import { makePlainInvoice } from '../../tests/rooms/gateway/plain-invoice.ts';
import { makeTimetablePdf } from '../../tests/rooms/gateway/other-pdf.ts';

const docket = join(import.meta.dirname, '..', '..', 'cli', 'docket.ts');
const SLOW_MS = 90_000;

describe('docket explain', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'docket-explain-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const explain = async (pdf: Uint8Array, ...more: string[]): Promise<string> => {
    const file = join(folder, 'document.pdf');
    writeFileSync(file, pdf);
    const said = await promisify(execFile)(process.execPath, [docket, 'explain', file, ...more]);
    return said.stdout;
  };

  it(
    'prints a table for people and JSON for programs',
    async () => {
      const pdf = await makePlainInvoice({});
      const table = await explain(pdf, '--mapping', 'eu_invoice_v1');
      expect(table).toMatch(/^European invoice .*\(eu_invoice_v1, version \d+\)\nResult: OK\n/);
      expect(table).toMatch(/\nvalue +is +as printed +where +found by\n/);
      expect(table).toMatch(/\nnumber +M-2024-07 +page 1 +label/);
      expect(table).toMatch(/\nChecks: \d+ of \d+ hold\./);
      const json = gatewayExplanationSchema.parse(
        JSON.parse(await explain(pdf, '--mapping', 'eu_invoice_v1', '--json')),
      );
      expect(json.values.find(({ path }) => path === 'number')?.value).toBe('M-2024-07');
    },
    SLOW_MS,
  );

  it(
    'gives a timetable the term that an upload would give it',
    async () => {
      const pdf = await makeTimetablePdf();
      const asked = ['--mapping', 'schedule_ics_v1', '--param'];
      expect(await explain(pdf, ...asked, 'termStart=soon')).toMatch(/\nResult: BAD_PARAMETER\./);
      expect(await explain(pdf, ...asked, 'termStart=2026-09-14', '--param', 'termEnd=2026-12-18')).toMatch(
        /\nResult: OK\n/,
      );
    },
    SLOW_MS,
  );
});
