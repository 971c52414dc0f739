import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ScoredDocument } from '../gateway/accuracy/test-mapping.ts';
import { summarise, testMapping } from '../gateway/accuracy/test-mapping.ts';
import { makeInvoice } from '../gateway/fixtures/invoice-pdf.ts';
import { STYLES } from '../gateway/fixtures/invoice-style.ts';
import { openPool } from '../gateway/pool/child-pool.ts';
import { DEFAULT_POOL_LIMITS } from '../gateway/pool/pool-limits.ts';
import { stderrLog } from '../gateway/log.ts';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { embeddedBytes, schemaValidity } from './proofs-of-results.ts';

/**
 * `npm run bench:accuracy [-- DIR MAPPING]`: field F1, line F1, exact rate and silent-wrong rate.
 * Without arguments: the sample sets where they are there, and made-up invoices with known and unseen layouts apart;
 * also how many results are valid against the XSD, and how many embedded documents come out byte for byte.
 */
const corpus = fileURLToPath(new URL('../../shared/corpus', import.meta.url));
const perLayout = 5;
/** Layouts that no synonym or threshold was chosen beside. */
const UNSEEN = new Set(['compact', 'reversed', 'wide']);

const pool = openPool(DEFAULT_POOL_LIMITS, { drawing: false, mappingFolder: undefined }, stderrLog());

function print(title: string, scored: readonly ScoredDocument[]): void {
  const r = summarise(scored);
  const refused = Object.entries(r.refusedByCode)
    .map(([code, n]) => `${code} ${n}`)
    .join(', ');
  process.stdout.write(
    `${title.padEnd(44)} documents ${String(r.documents).padStart(3)}  converted ${String(r.converted).padStart(3)}  fieldF1 ${r.fieldF1.toFixed(3)}  lineF1 ${r.lineF1.toFixed(3)}  exact ${r.exactRate.toFixed(3)}  silent-wrong ${r.silentWrongRate.toFixed(3)}${refused === '' ? '' : `  (${refused})`}\n`,
  );
}

async function madeUp(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'docket-accuracy-'));
  try {
    for (const [s, style] of STYLES.entries()) {
      for (let i = 0; i < perLayout; i++) {
        const made = await makeInvoice(50_000 + 100 * s + i, { layout: style.name });
        writeFileSync(join(folder, `${style.name}-${i}.pdf`), made.pdf);
        writeFileSync(join(folder, `${style.name}-${i}.json`), JSON.stringify(made.truth));
      }
    }
    const { scored } = await testMapping(pool, folder, 'pt_simon_invoice_v1');
    print(
      'pt_simon_invoice_v1, made up, known layouts',
      scored.filter((s) => !UNSEEN.has(s.truth.layout ?? '')),
    );
    print(
      'pt_simon_invoice_v1, made up, unseen layouts',
      scored.filter((s) => UNSEEN.has(s.truth.layout ?? '')),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const [folder, mapping] = process.argv.slice(2);
if (folder !== undefined)
  print(
    mapping ?? 'pt_simon_invoice_v1',
    (await testMapping(pool, folder, mapping ?? 'pt_simon_invoice_v1')).scored,
  );
else {
  await madeUp();
  for (const [name, id] of [
    ['pt-invoices', 'pt_simon_invoice_v1'],
    ['einvoices', 'eu_invoice_v1'],
  ] as const) {
    const set = join(corpus, name);
    if (!existsSync(set)) {
      process.stdout.write(`${name}: skipped, ../shared/corpus is not here\n`);
      continue;
    }
    print(`${id}, ${name}`, (await testMapping(pool, set, id)).scored);
    process.stdout.write(`  ${await schemaValidity(pool, set, id)}\n`);
    if (name === 'einvoices') process.stdout.write(`${await embeddedBytes(pool, set)}\n`);
  }
}
await pool.close(0);
