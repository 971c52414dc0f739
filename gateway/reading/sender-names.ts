import type { ReadDocument } from './document.ts';
import { LEGAL_FORM } from './legal-forms.ts';
import { isNameLike } from './party-names.ts';
import type { BlockCell } from './text-blocks.ts';
import { cellsOf, textOf } from '../printed/tokens.ts';
import type { Token } from '../printed/tokens.ts';

/**
 * A name stands at most this many font sizes (of the larger type) above its address in one line, and at most
 * `LINES_ABOVE_MAX` lines.
 */
const STEP_MAX = 2.4;
const LINES_ABOVE_MAX = 2;
/** The left edges, right edges or middles of name and address differ by at most this many points. */
const TOLERANCE_PT = 4;

/**
 * True when an address in one line may begin with its street instead of a name: `Polígono Las Eras, nave 7, 28013
 * Madrid`. Its first words must have no legal form and stand nowhere else on the first page. Directly above them must
 * stand words that can be a name, aligned with the address.
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
