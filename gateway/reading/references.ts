import type { FieldRule } from '../mapping/mapping-schema.ts';
import type { TokenLine } from '../printed/tokens.ts';

/** Words in front of a label that refer to another document: `Rectifica la factura`, `zur Rechnung`. */
const OF_ANOTHER = new Set(
  'la zur zu der sur della alla for original rectifica retifica rif abono referente a bezug storno'.split(
    ' ',
  ),
);

const DOCUMENT = /^(?:rechnung|invoice|facture|factura|fattura|fatura)$/;
const SHARE = 0.6;

/**
 * Computes the factor of a label. It is below 1 for the number of another document, and for a date after such a number:
 * `zur Rechnung 4711 mit Datum 3.5.`.
 */
export function referenceShare(at: number, line: TokenLine, { type }: FieldRule): number {
  const isReference =
    type === 'documentNumber' ? isOfAnother(at, line) : type === 'date' && isBehindAnother(at, line);
  return isReference ? SHARE : 1;
}

const isPart = (at: number, { tokens }: TokenLine): boolean => at > 0 && (tokens[at]?.gap ?? 9) < 0.9;

function isOfAnother(at: number, line: TokenLine): boolean {
  return isPart(at, line) && OF_ANOTHER.has(line.tokens[at - 1]?.key ?? '');
}

function isBehindAnother(from: number, line: TokenLine): boolean {
  for (let at = from; isPart(at, line); at -= 1)
    if (DOCUMENT.test(line.tokens[at - 1]?.key ?? '') && isOfAnother(at - 1, line)) return true;
  return false;
}
