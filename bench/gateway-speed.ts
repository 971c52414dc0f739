import { makeInvoicePdf } from '../gateway/fixtures/invoice-pdf.ts';
import { STYLES } from '../gateway/fixtures/invoice-style.ts';
import { convert } from '../gateway/convert.ts';
import { READING_OPTIONS, loadPdfjs } from '../gateway/pdf/open-document.ts';
import { startGateway } from '../gateway/server.ts';

/** Documents and pages a second with 1 and 2 children, and CPU a page beside pdfjs-dist's bare text extraction in the same run. */
const rounds = Number(process.argv[2] ?? 8);
const files = await Promise.all(
  STYLES.flatMap((style, i) => [
    makeInvoicePdf(700 + i, { layout: style.name }),
    makeInvoicePdf(800 + i, { layout: style.name, lines: 40 }),
  ]),
);

async function bareText(pdf: Buffer): Promise<number> {
  const pdfjs = await loadPdfjs();
  const task = pdfjs.getDocument({ ...READING_OPTIONS, data: new Uint8Array(pdf) });
  const document = await task.promise;
  for (let n = 1; n <= document.numPages; n++) await (await document.getPage(n)).getTextContent();
  const pages = document.numPages;
  await task.destroy();
  return pages;
}

async function cpuPerPage(each: (pdf: Buffer) => Promise<number>): Promise<number> {
  for (const pdf of files) await each(pdf);
  const from = process.cpuUsage();
  let pages = 0;
  for (let r = 0; r < rounds; r++) for (const pdf of files) pages += await each(pdf);
  const { user, system } = process.cpuUsage(from);
  return (user + system) / 1000 / pages;
}

const converted =
  (mappingId: string) =>
  async (pdf: Buffer): Promise<number> => {
    const outcome = await convert({ id: 1, kind: 'convert', mappingId, parameters: {}, pdf });
    return outcome.ok ? outcome.pages : 1;
  };
const bare = await cpuPerPage(bareText);
const layout = await cpuPerPage(converted('text_layout_v1'));
const invoice = await cpuPerPage(converted('pt_simon_invoice_v1'));
process.stdout.write(
  `CPU ms a page: pdfjs text ${bare.toFixed(1)}, text_layout_v1 ${layout.toFixed(1)} (${(layout / bare).toFixed(2)}x), pt_simon_invoice_v1 ${invoice.toFixed(1)} (${(invoice / bare).toFixed(2)}x, QR code and checks included)\n`,
);

for (const children of [1, 2]) {
  const gateway = await startGateway({
    port: 0,
    children,
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  });
  let pages = 0;
  const jobs = Array.from({ length: rounds }, () => files).flat();
  const startedAt = performance.now();
  const total = jobs.length;
  const worker = async (): Promise<void> => {
    for (let pdf = jobs.pop(); pdf; pdf = jobs.pop()) {
      const response = await fetch(`${gateway.url}/v1/convert?mapping=pt_simon_invoice_v1`, {
        method: 'POST',
        body: pdf as BodyInit,
      });
      await response.arrayBuffer();
      pages += Number(response.headers.get('x-pages') ?? 1);
    }
  };
  await Promise.all(Array.from({ length: children * 2 }, worker));
  const seconds = (performance.now() - startedAt) / 1000;
  process.stdout.write(
    `${children} ${children === 1 ? 'child' : 'children'}: ${(total / seconds).toFixed(1)} documents/s, ${(pages / seconds).toFixed(1)} pages/s\n`,
  );
  await gateway.close();
}
