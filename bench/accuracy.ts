import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ScoredDocument } from '../gateway/accuracy/test-mapping.ts';
import { openOfficialRules } from '../gateway/accuracy/official-rules.ts';
import { summarise } from '../gateway/accuracy/report.ts';
import { testMapping } from '../gateway/accuracy/test-mapping.ts';
import { makeInvoice } from '../tests/rooms/gateway/invoice-pdf.ts';
import { STYLES } from '../tests/rooms/gateway/invoice-style.ts';
import { openPool } from '../gateway/pool/child-pool.ts';
import { DEFAULT_POOL_LIMITS } from '../gateway/pool/pool-limits.ts';
import { stderrLog } from '../gateway/log/gateway-log.ts';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asked, layoutLines, scoreLayouts } from './made-layouts.ts';
import { embeddedBytes, schemaValidity } from './proofs-of-results.ts';

/**
 * `npm run bench:accuracy [-- DIR MAPPING]` counts documents: wholly right, wrong with a warning, wrong without a
 * warning, and others. Without arguments it reads the sample sets if they are installed. It also reads made-up
 * invoices, with known layouts and with unseen layouts, and the layouts in six languages. It counts results that are
 * valid against the XSD, and embedded documents that are returned byte for byte.
 *
 * `-- layouts` runs only the layouts, `-- layouts 910000` runs them with other seeds. The exit code is 1 when the
 * layouts miss their goals. `EN16931_STYLESHEET` names the compiled official rules, which then run on every result.
 */
const corpus = fileURLToPath(new URL('../../shared/corpus', import.meta.url));
const PER_LAYOUT = 5;
/** Layouts for which no synonym and no threshold was chosen. */
const UNSEEN = new Set(['compact', 'reversed', 'wide']);

const pool = openPool(DEFAULT_POOL_LIMITS, { drawing: false, mappings: [] }, stderrLog());

const stylesheet = process.env['EN16931_STYLESHEET'];
const official = stylesheet === undefined ? undefined : openOfficialRules(stylesheet);

function print(title: string, scored: readonly ScoredDocument[]): void {
  const r = summarise(scored);
  const codes = Object.entries(r.refusedByCode).map(([code, n]) => `${code} ${n}`);
  process.stdout.write(
    [
      title,
      `  wholly right ${r.whollyRight}  wrong and told ${r.wrongAndTold}  WRONG AND NOT TOLD ${r.wrongAndNotTold}`,
      `  incomplete ${r.incomplete}  refused ${r.refused}${codes.length === 0 ? '' : ` (${codes.join(', ')})`}  of ${r.documents}`,
      `  warnings ${r.warnings}, precision ${r.warningPrecision.toFixed(3)}; right documents warned about ${r.rightAndWarned}`,
      `  field F1 ${r.fieldF1.toFixed(3)}  line F1 ${r.lineF1.toFixed(3)}`,
      `  official EN 16931 rules: ${r.officiallyValid ?? 'not run, EN16931_STYLESHEET names no stylesheet'}`,
      '',
    ].join('\n'),
  );
}

async function madeUp(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'docket-accuracy-'));
  try {
    for (const [s, style] of STYLES.entries())
      for (let i = 0; i < PER_LAYOUT; i += 1) {
        const made = await makeInvoice(50_000 + 100 * s + i, { layout: style.name });
        writeFileSync(join(folder, `${style.name}-${i}.pdf`), made.pdf);
        writeFileSync(join(folder, `${style.name}-${i}.json`), JSON.stringify(made.truth));
      }

    const scored = await testMapping(pool, { folder, mappingId: 'pt_simon_invoice_v1', official });
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

async function layouts(firstSeed?: number): Promise<void> {
  const scored = await scoreLayouts(pool, { mappingId: 'eu_invoice_v1', official, firstSeed });
  print('eu_invoice_v1, made up, layouts in six languages', scored);
  const { holds, text } = asked(scored);
  process.stdout.write(layoutLines(scored) + text);
  if (!holds) process.exitCode = 1;
}

const [folder, mapping = 'pt_simon_invoice_v1'] = process.argv.slice(2);
if (folder === 'layouts') await layouts(process.argv[3] === undefined ? undefined : Number(process.argv[3]));
else if (folder !== undefined)
  print(mapping, await testMapping(pool, { folder, mappingId: mapping, official }));
else {
  await madeUp();
  await layouts();
  for (const [name, id] of [
    ['pt-invoices', 'pt_simon_invoice_v1'],
    ['einvoices', 'eu_invoice_v1'],
  ] as const) {
    const set = join(corpus, name);
    if (!existsSync(set)) {
      process.stdout.write(`${name}: skipped, ../shared/corpus is not here\n`);
      continue;
    }
    print(`${id}, ${name}`, await testMapping(pool, { folder: set, mappingId: id, official }));
    process.stdout.write(`  ${await schemaValidity(pool, set, id)}\n`);
    if (name === 'einvoices') process.stdout.write(`${await embeddedBytes(pool, set)}\n`);
  }
}
await pool.close(0);
