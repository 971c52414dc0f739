import type { ReadDocument } from './document.ts';
import { LEGAL_FORM } from './legal-forms.ts';
import { isNameLike } from './party-names.ts';
import type { BlockCell } from './text-blocks.ts';
import { cellsOf, textOf } from '../printed/tokens.ts';
import type { Token } from '../printed/tokens.ts';

/** A name stands right above its address in one line, within so many font sizes of the larger type, and this many lines. */
const STEP_MAX = 2.4;
const LINES_ABOVE_MAX = 2;
/** How far apart, points, the left edges, right edges or middles of the two may be. */
const TOLERANCE_PT = 4;

/**
 * True where the first words of an address in one line may be no name but its street, as in `Polígono Las Eras, nave 7,
 * 28013 Madrid`: they have no legal form, they stand nowhere else on the first page, and words that can be a name stand
 * right above them in line with the address.
 */
export function mayBeStreet(name: readonly Token[], cell: BlockCell, document: ReadDocument): boolean {
  const text = textOf(name);
  if (LEGAL_FORM.test(text)) return false;
  const { line, tokens } = cell;
  const wanted = text.toLowerCase();
  const isElsewhere = document.lines.some(
    (other) => other.page === 1 && other !== line && other.text.toLowerCase().includes(wanted),
  );
  if (isElsewhere) return false;
  return document.lines
    .slice(Math.max(0, line.index - LINES_ABOVE_MAX), line.index)
    .filter(
      (above) => above.page === line.page && line.y - above.y < STEP_MAX * Math.max(above.size, line.size),
    )
    .some((above) => cellsOf(above, 1.4).some((own) => isNameLike(own) && isInLine(own, tokens)));
}

function isInLine(one: readonly Token[], other: readonly Token[]): boolean {
  const left = (one[0]?.x0 ?? 0) - (other[0]?.x0 ?? 0);
  const right = (one.at(-1)?.x1 ?? 0) - (other.at(-1)?.x1 ?? 0);
  return [left, right, (left + right) / 2].some((distance) => Math.abs(distance) < TOLERANCE_PT);
}
