import type { LabelHit } from './labels.ts';
import type { Token } from '../printed/tokens.ts';

/** Words by which a label says that its amount has the tax in it. */
const INCLUDING = new Set(
  'inkl incl inclusive einschl einschliesslich including mit con avec com c'.split(' '),
);
/** A rate between the word and the name of the tax has two tokens at most. */
const WORDS_BETWEEN_MAX = 2;
const CELL_GAP = 0.9;

/** True for the name of the tax within the label of a gross amount: `Gesamtbetrag inkl. 19 % MwSt.`; it labels nothing. */
export function isIncludedTax({ line, from }: LabelHit): boolean {
  const goesOn = (at: number): boolean => at > 0 && (line.tokens[at] as Token).gap < CELL_GAP;
  let at = from;
  for (let between = 0; goesOn(at) && between <= WORDS_BETWEEN_MAX; between += 1) {
    at -= 1;
    const { key, text } = line.tokens[at] as Token;
    if (INCLUDING.has(key)) return goesOn(at);
    if (!/\d|%/.test(text)) return false;
  }
  return false;
}
