import type { LabelHit } from './labels.ts';
import type { Token } from '../printed/tokens.ts';

/** Words with which a label states whether its amount includes the tax. */
const INCLUDING = new Set(
  'inkl incl inclusive einschl einschliesslich including mit con avec com c excl exkl excluding ohne hors sans senza sem sin'.split(
    ' ',
  ),
);
/** A rate between the word and the name of the tax has at most this many tokens. */
const WORDS_BETWEEN_MAX = 2;
const CELL_GAP = 0.9;

/**
 * True for a name of the tax that is not a label itself but part of the label of a gross or net amount: `Gesamtbetrag
 * inkl. 19 % MwSt.`, `Rechnungssumme netto (excl. USt.)`.
 */
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
