import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OfficialRules } from '../gateway/accuracy/official-rules.ts';
import type { ScoredDocument } from '../gateway/accuracy/test-mapping.ts';
import { testMapping } from '../gateway/accuracy/test-mapping.ts';
import { LAYOUTS, languagesOf, makeLayout } from '../tests/rooms/gateway/layouts/make-layout.ts';
import type { ChildPool } from '../gateway/pool/child-pool.ts';

/** The default of the first seed. The tests use other seeds. */
const FIRST_SEED = 700_000;
const SEEDS_PER_LAYOUT = 2;

/** The settings of a score of layouts. Other seeds make other invoices of the same layouts. */
export interface LayoutsTest {
  readonly mappingId: string;
  readonly official: OfficialRules | undefined;
  readonly firstSeed?: number | undefined;
}

/** Scores a mapping on every layout in each language that both know. */
export async function scoreLayouts(
  pool: ChildPool,
  { mappingId, official, firstSeed = FIRST_SEED }: LayoutsTest,
): Promise<ScoredDocument[]> {
  // The ATCUD is written only under the Portuguese mapping, which reads Portuguese alone.
  const isPortuguese = mappingId === 'pt_simon_invoice_v1';
  const folder = mkdtempSync(join(tmpdir(), 'docket-layouts-'));
  try {
    for (const [at, layout] of LAYOUTS.entries())
      for (const language of languagesOf(layout).filter((one) => !isPortuguese || one === 'pt'))
        for (let i = 0; i < SEEDS_PER_LAYOUT; i += 1) {
          const { pdf, truth } = await makeLayout(firstSeed + 100 * at + i, layout, language);
          const name = join(folder, `${String(at).padStart(2, '0')}-${language}-${i}`);
          writeFileSync(`${name}.pdf`, pdf);
          writeFileSync(`${name}.json`, JSON.stringify(isPortuguese ? truth : { ...truth, atcud: null }));
        }

    return await testMapping(pool, { folder, mappingId, official });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The goals for the layouts: no value is wrong without a warning, and this share of the documents is wholly right. */
const RIGHT_MIN = 0.95;

/** Returns a text that says whether the layouts reach their goals. */
export function asked(scored: readonly ScoredDocument[]): { holds: boolean; text: string } {
  const count = (verdict: ScoredDocument['verdict']): number =>
    scored.filter((one) => one.verdict === verdict).length;
  const share = count('right') / scored.length;
  const holds = count('notTold') === 0 && share >= RIGHT_MIN;
  return {
    holds,
    text: `  asked: wrong and not told 0, wholly right ${RIGHT_MIN}; it is ${count('notTold')} and ${share.toFixed(3)}: ${holds ? 'holds' : 'DOES NOT HOLD'}\n`,
  };
}

const LETTERS = { right: '.', incomplete: 'i', told: 't', notTold: 'W', refused: 'r' } as const;

/** Returns a line for each layout, with a letter for each document. */
export function layoutLines(scored: readonly ScoredDocument[]): string {
  const names = [...new Set(scored.map((one) => one.truth.layout ?? ''))];
  const row = (name: string): string => {
    const letters = scored.filter((one) => one.truth.layout === name).map((one) => LETTERS[one.verdict]);
    return `  ${letters.join('').padEnd(14)}${name}`;
  };
  return [
    '  each layout (. wholly right, i incomplete, t wrong and told, W wrong and not told, r refused):',
    ...names.map(row),
    '',
  ].join('\n');
}
