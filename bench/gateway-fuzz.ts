import { makeInvoicePdf } from '../tests/rooms/gateway/invoice-pdf.ts';
import { STYLES } from '../tests/rooms/gateway/invoice-style.ts';
import { choices } from '../tests/rooms/gateway/random.ts';
import { startGateway } from '../gateway/server.ts';
import { GATEWAY_REFUSAL_CODES } from '../schemas/protocols/gateway-protocol.ts';

/**
 * Converts seeded mutations of good files (`node bench/gateway-fuzz.ts [COUNT] [SEED]`). Every answer must be a
 * result or a listed refusal.
 */
const count = Number(process.argv[2] ?? 2000);
const random = choices(Number(process.argv[3] ?? 1));
const gateway = await startGateway({
  port: 0,
  children: 2,
  log: { info: () => undefined, warn: () => undefined, error: () => undefined },
});
const good = await Promise.all(STYLES.map((style, i) => makeInvoicePdf(900 + i, { layout: style.name })));
const tally: Record<string, number> = {};

function mutate(source: Buffer): Buffer {
  const pdf = Buffer.from(source);
  const kind = random.whole(0, 3);
  if (kind === 0)
    for (let k = random.whole(1, 60); k > 0; k -= 1)
      pdf[random.whole(0, pdf.length - 1)] = random.whole(0, 255);
  if (kind === 1) return pdf.subarray(0, random.whole(0, pdf.length));
  if (kind === 2)
    pdf.copyWithin(random.whole(0, pdf.length - 1), random.whole(0, pdf.length - 1), pdf.length);
  if (kind === 3)
    return Buffer.concat([
      pdf.subarray(0, random.whole(0, pdf.length)),
      pdf.subarray(random.whole(0, pdf.length)),
    ]);
  return pdf;
}

async function worker(jobs: Buffer[]): Promise<void> {
  for (let pdf = jobs.pop(); pdf; pdf = jobs.pop()) {
    const response = await fetch(`${gateway.url}/v1/convert?mapping=pt_simon_invoice_v1`, {
      method: 'POST',
      body: pdf as BodyInit,
    });
    const text = await response.text();
    const code = response.ok ? 'OK' : (JSON.parse(text) as { code: string }).code;
    tally[code] = (tally[code] ?? 0) + 1;
  }
}

const startedAt = performance.now();
const jobs = Array.from({ length: count }, () => mutate(random.pick(good)));
await Promise.all([worker(jobs), worker(jobs)]);
const strange = Object.keys(tally).filter(
  (code) =>
    code === 'INTERNAL' || (code !== 'OK' && !(GATEWAY_REFUSAL_CODES as readonly string[]).includes(code)),
);
process.stdout.write(
  `${count} mutations in ${((performance.now() - startedAt) / 1000).toFixed(0)} s: ${JSON.stringify(tally)}\n`,
);
process.stdout.write(
  strange.length === 0
    ? 'every answer is a result or a listed refusal\n'
    : `not allowed: ${strange.join(', ')}\n`,
);
await gateway.close();
process.exitCode = strange.length === 0 ? 0 : 1;
