import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CHILD_TUNING } from '../gateway/pool/spawn-child.ts';
import { startGateway } from '../gateway/server.ts';
import { speedFiles } from './gateway-cpu.ts';

/**
 * `node bench/gateway-speed.ts [TURNS] [SET]` measures CPU time beside pdfjs-dist's bare text extraction in the same
 * run. Then it measures documents and pages a second with 1 and 2 children. 0 turns skip the first part; SET selects
 * one set of files. The files are the generator's, and the sample sets if they are installed.
 */
const turns = Number(process.argv[2] ?? 9);
const ROUNDS = 6;
const corpus = fileURLToPath(new URL('../../shared/corpus', import.meta.url));
const sets: readonly { name: string; folder: string | undefined; mapping: string }[] = [
  { name: 'made-up invoices', folder: undefined, mapping: 'pt_simon_invoice_v1' },
  { name: 'pt-invoices', folder: join(corpus, 'pt-invoices'), mapping: 'pt_simon_invoice_v1' },
  { name: 'einvoices', folder: join(corpus, 'einvoices'), mapping: 'eu_invoice_v1' },
];

/**
 * Measures the ways in turns, each in a new process, so that other programs slow all ways equally. The speed of the
 * machine drifts from minute to minute. So each way is compared with pdfjs in the same turn, and the median of these
 * ratios counts. The gateway's ways use the V8 settings of a converter child. pdfjs runs with Node's default settings
 * and also with the settings of a child, which shows the effect of the settings.
 */
function cpuBeside({ name, folder, mapping }: (typeof sets)[number]): void {
  const script = fileURLToPath(new URL('gateway-cpu.ts', import.meta.url));
  const ways = ['pdfjs', 'pdfjs, tuned alike', 'text_layout_v1', mapping];
  const ms = new Map<string, number[]>(ways.map((way) => [way, []]));
  let pages = Number.NaN;
  for (let turn = 0; turn < turns; turn += 1)
    for (const way of ways) {
      const [read = way] = way.split(', ');
      const tuning = way === 'pdfjs' ? [] : CHILD_TUNING;
      const args = [...tuning, script, read, String(ROUNDS), ...(folder === undefined ? [] : [folder])];
      const [spent, counted] = execFileSync(process.execPath, args, { encoding: 'utf8' }).trim().split(' ');
      ms.get(way)?.push(Number(spent));
      if (way === 'pdfjs') pages = Number(counted);
    }

  const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);
  const median = (values: readonly number[]): number => sorted(values)[Math.floor(turns / 2)] ?? Number.NaN;
  const spent = (way: string): number[] => ms.get(way) ?? [];
  for (const way of ways) {
    const ratios = sorted(spent(way).map((own, turn) => own / (spent('pdfjs')[turn] ?? Number.NaN)));
    process.stdout.write(
      `${name}: ${way.padEnd(20)} ${(median(spent(way)) / pages).toFixed(1)} ms CPU a page, ${median(ratios).toFixed(2)} times pdfjs (${ratios[0]?.toFixed(2)} to ${ratios.at(-1)?.toFixed(2)})\n`,
    );
  }
}

async function throughput(children: number, files: readonly Buffer[]): Promise<void> {
  const gateway = await startGateway({
    port: 0,
    children,
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  });
  const convertAll = async (jobs: Buffer[]): Promise<number> => {
    let pages = 0;
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
    return pages;
  };
  await convertAll([...files]);
  const jobs = Array.from({ length: ROUNDS }, () => files).flat();
  const total = jobs.length;
  const startedAt = performance.now();
  const pages = await convertAll(jobs);
  const seconds = (performance.now() - startedAt) / 1000;
  process.stdout.write(
    `${children} ${children === 1 ? 'child' : 'children'}: ${(total / seconds).toFixed(1)} documents/s, ${(pages / seconds).toFixed(1)} pages/s\n`,
  );
  await gateway.close();
}

const chosen = sets.filter(({ name }) => process.argv[3] === undefined || process.argv[3] === name);
for (const set of turns > 0 ? chosen : [])
  if (set.folder === undefined || existsSync(set.folder)) cpuBeside(set);
const files = await speedFiles();
for (const children of [1, 2]) await throughput(children, files);
