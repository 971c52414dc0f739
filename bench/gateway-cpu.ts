import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { makeInvoicePdf } from '../tests/rooms/gateway/invoice-pdf.ts';
import { Refusal } from '../gateway/protocol/refusal.ts';
import { STYLES } from '../tests/rooms/gateway/invoice-style.ts';

/**
 * Reads the bench's files in one way, in a separate process as in production: `node bench/gateway-cpu.ts WAY ROUNDS`
 * prints the total CPU milliseconds and the pages. WAY is a mapping, or `pdfjs` for only the text extraction of
 * pdfjs-dist.
 */
const [way = 'pdfjs', rounds = '8', folder] = process.argv.slice(2);

/** Invoices of every layout of the generator, short and long. Most of them have a QR code. */
export async function speedFiles(from?: string): Promise<Buffer[]> {
  if (from !== undefined)
    return readdirSync(from)
      .filter((name) => name.endsWith('.pdf'))
      .sort()
      .map((name) => readFileSync(join(from, name)));
  return Promise.all(
    STYLES.flatMap((style, i) => [
      makeInvoicePdf(700 + i, { layout: style.name }),
      makeInvoicePdf(800 + i, { layout: style.name, lines: 40 }),
    ]),
  );
}

async function bareText(): Promise<(pdf: Buffer) => Promise<number>> {
  const scope = globalThis as Record<string, unknown>;
  scope['DOMMatrix'] ??= class {};
  const pdfjs = await import('pdfjs-dist/legacy/build/pdf.mjs');
  return async (pdf) => {
    const task = pdfjs.getDocument({ data: new Uint8Array(pdf), verbosity: 0, useSystemFonts: false });
    const document = await task.promise;
    for (let n = 1; n <= document.numPages; n += 1) await (await document.getPage(n)).getTextContent();
    const pages = document.numPages;
    await task.destroy();
    return pages;
  };
}

async function converted(mappingId: string): Promise<(pdf: Buffer) => Promise<number>> {
  const { convert } = await import('../gateway/conversion/convert.ts');
  const { freeYoungMemory } = await import('../gateway/pool/young-memory.ts');
  return async (pdf) => {
    try {
      const outcome = await convert({ id: 1, kind: 'convert', mappingId, parameters: {}, pdf });
      return outcome.ok ? outcome.pages : 0;
    } catch (error) {
      // A refused document was read too. The run with `pdfjs` counts its pages.
      if (error instanceof Refusal) return 0;
      throw error;
    } finally {
      // As a converter child does after each document.
      freeYoungMemory();
    }
  };
}

const WARM_UP_ROUNDS = 3;

if (import.meta.main) {
  const files = await speedFiles(folder);
  const read = way === 'pdfjs' ? await bareText() : await converted(way);
  for (let i = 0; i < WARM_UP_ROUNDS; i += 1) for (const pdf of files) await read(pdf);
  const from = process.cpuUsage();
  let pages = 0;
  for (let i = 0; i < Number(rounds); i += 1) for (const pdf of files) pages += await read(pdf);
  const { user, system } = process.cpuUsage(from);
  process.stdout.write(`${((user + system) / 1000 / Number(rounds)).toFixed(1)} ${pages / Number(rounds)}\n`);
}
