import { isLabelled } from './labelled-cells.ts';
import { isNameLike } from './party-names.ts';
import type { ReadDocument } from './document.ts';
import type { BlockCell } from './text-blocks.ts';
import { isStreet } from './text-blocks.ts';

/** The lines of one group are at most this many font sizes apart. */
const STEP_MAX = 1.9;
const LINES_MAX = 3;

/** The lines of a name above an empty line, below which street and place stand. */
export interface NameGroup {
  readonly lines: readonly BlockCell[];
  /** True when other lines stand in the group, such as numbers of the party. */
  readonly hasOthers: boolean;
}

/**
 * Finds the name of a party in several lines above an empty line. Returns undefined without such a line, or if the
 * group has more lines than a name can have.
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
