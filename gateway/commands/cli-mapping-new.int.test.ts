import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makePlainInvoice } from '../../tests/rooms/gateway/plain-invoice.ts';

const docket = join(import.meta.dirname, '..', '..', 'cli', 'docket.ts');
const run = (...argv: string[]) => promisify(execFile)(process.execPath, [docket, ...argv]);

describe('docket mapping new', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'docket-draft-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('drafts a mapping that names what it could not find, and that reads the page once that is written in', async () => {
    const file = join(folder, 'invoice.pdf');
    const head = [
      ['Vorgang:', 'M-2024-07'],
      ['Rechnungsdatum:', '17.06.2024'],
    ] as const;
    writeFileSync(file, await makePlainInvoice({ head }));
    const { stdout, stderr } = await run('mapping', 'new', file, '--id', 'moll_v1');
    const draft = JSON.parse(stdout) as { fields: object };
    expect(draft).toMatchObject({
      id: 'moll_v1',
      extends: 'eu_invoice_v1',
      forSellers: ['DE136695976'],
      parties: { seller: { given: { vatId: 'DE136695976', name: 'Tischlerei Moll GmbH', city: 'Leipzig' } } },
    });
    expect(Object.keys(draft.fields)).toEqual(['number']);
    expect(stderr).toContain('Not found: the document number.\n');
    const whole = { ...draft, fields: { number: { labels: { add: ['Vorgang'] } } } };
    writeFileSync(join(folder, 'moll_v1.json'), JSON.stringify(whole));
    const explained = await run('explain', file, '--mapping', 'moll_v1', '--mappings', folder);
    expect(explained.stdout).toMatch(/\nResult: OK\n/);
    expect(explained.stdout).toMatch(/\nnumber +M-2024-07 /);
  }, 120_000);
});
