import { isLabelled } from './labelled-cells.ts';
import { isNameLike } from './party-names.ts';
import type { ReadDocument } from './document.ts';
import type { BlockCell } from './text-blocks.ts';
import { isStreet } from './text-blocks.ts';

/** Lines of one group are no further apart than this many font sizes. */
const STEP_MAX = 1.9;
const LINES_MAX = 3;

/** The lines of a name over an empty line, under which street and place stand. */
export interface NameGroup {
  readonly lines: readonly BlockCell[];
  /** Other lines stand in the group, which may belong to it: numbers of the party. */
  readonly hasOthers: boolean;
}

/**
 * The name of a party in several lines, where an empty line parts it from street and place; undefined where none does, and
 * where more lines stand over it than a name has.
 */
export function nameGroup(
  cells: readonly BlockCell[],
  name: BlockCell,
  document: ReadDocument,
): NameGroup | undefined {
  const at = cells.indexOf(name);
  const end = cells.findIndex((cell, i) => i > at && isApart(cells[i - 1] as BlockCell, cell));
  const below = cells[end];
  if (at < 0 || !below || !isStreet(below)) return undefined;
  const own = (cell: BlockCell): boolean => isNameLike(cell.tokens) && !isLabelled(cell, document);
  const lines = cells.slice(at, end).filter(own);
  return lines.length > LINES_MAX || lines.some(isStreet)
    ? undefined
    : { lines, hasOthers: end - lines.length > 0 };
}

function isApart({ line: above }: BlockCell, { line }: BlockCell): boolean {
  return line.page === above.page && line.y - above.y > STEP_MAX * Math.max(line.size, above.size);
}
