import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeInvoicePdf } from '../tests/rooms/gateway/invoice-pdf.ts';
import { residentBytes } from '../gateway/pool/memory.ts';
import { startGatewayProcess } from './gateway-process.ts';

/**
 * Sends every hostile file once while the gateway converts good files. Each hostile file must end in its expected
 * class within 25 s. The gateway's own memory must fall back, and good files must keep half their rate.
 */
const folder = join(fileURLToPath(new URL('../../shared/corpus', import.meta.url)), 'hostile');
const ANSWER_WITHIN_MS = 25_000;
const mappings: Readonly<Record<string, string>> = {
  REJECT_XML: 'einvoice_embedded_v1',
  AMBIGUOUS: 'einvoice_embedded_v1',
};
const CLASS_OF: Readonly<Record<string, readonly string[]>> = {
  OK: ['OK'], CORRUPT: ['PDF_CORRUPT', 'NO_TEXT'], NOT_PDF: ['PDF_CORRUPT'], RESOURCE: ['PDF_LIMIT'], TOO_MANY_PAGES: ['PDF_LIMIT'], ENCRYPTED: ['PDF_ENCRYPTED'],
  UNSUPPORTED: ['PDF_ENCRYPTED', 'PDF_CORRUPT'], NO_TEXT: ['NO_TEXT'], REJECT_XML: ['EMBEDDED_XML_REFUSED'], AMBIGUOUS: ['AMBIGUOUS'],
}; // prettier-ignore

if (!existsSync(folder)) {
  process.stdout.write('skipped: ../shared/corpus is not here\n');
  process.exit(0);
}
const gateway = await startGatewayProcess(2);

interface Answer {
  readonly code: string;
  readonly message: string;
  readonly ms: number;
}

async function send(pdf: Uint8Array, mapping: string): Promise<Answer> {
  const startedAt = performance.now();
  const response = await fetch(`${gateway.url}/v1/convert?mapping=${mapping}`, {
    method: 'POST',
    body: pdf as BodyInit,
  });
  const text = await response.text();
  const ms = performance.now() - startedAt;
  return response.ok
    ? { code: 'OK', message: '', ms }
    : { ...(JSON.parse(text) as { code: string; message: string }), ms };
}

const good = await makeInvoicePdf(3, { layout: 'classic' });

/** Converts good files one after another until `stop` is called. */
function steadyLoad(): { stop: () => Promise<{ perSecond: number; failed: number }> } {
  let running = true;
  let done = 0;
  let failed = 0;
  const startedAt = performance.now();
  const loop = (async () => {
    while (running)
      if ((await send(good, 'pt_simon_invoice_v1')).code === 'OK') done += 1;
      else failed += 1;
  })();
  return {
    stop: async () => {
      running = false;
      const seconds = (performance.now() - startedAt) / 1000;
      await loop;
      return { perSecond: done / seconds, failed };
    },
  };
}

for (let i = 0; i < 20; i += 1) await send(good, 'pt_simon_invoice_v1');
const alone = steadyLoad();
await new Promise((resolve) => setTimeout(resolve, 8000));
const usual = await alone.stop();
const before = residentBytes(gateway.pid) ?? 0;

const beside = steadyLoad();
const slow: string[] = [];
const wrong: string[] = [];
const rows = readFileSync(join(folder, 'expected.tsv'), 'utf8')
  .trim()
  .split('\n')
  .map((row) => row.split('\t') as [string, string]);
for (const [expected, file] of rows) {
  const classes = expected.split('|');
  const { code, message, ms } = await send(
    readFileSync(join(folder, file)),
    mappings[classes[0] ?? ''] ?? 'text_layout_v1',
  );
  if (ms > ANSWER_WITHIN_MS) slow.push(`${file} ${Math.round(ms)} ms`);
  if (!classes.some((name) => CLASS_OF[name]?.includes(code)))
    wrong.push(`${file}: ${code} (${message}) after ${Math.round(ms)} ms, expected ${expected}`);
}
const during = await beside.stop();
await new Promise((resolve) => setTimeout(resolve, 3000));
const after = residentBytes(gateway.pid) ?? 0;
process.stdout.write(
  [
    `hostile files           ${rows.length}`,
    `not in their class      ${wrong.length}${wrong.map((line) => `\n  ${line}`).join('')}`,
    `slower than 25 s        ${slow.length}${slow.map((line) => `\n  ${line}`).join('')}`,
    `good files/s alone      ${usual.perSecond.toFixed(1)}`,
    `good files/s meanwhile  ${during.perSecond.toFixed(1)} (${during.failed} failed)`,
    `gateway memory          ${(before / 1e6).toFixed(0)} MB before, ${(after / 1e6).toFixed(0)} MB after`,
    '',
  ].join('\n'),
);
await gateway.close();
