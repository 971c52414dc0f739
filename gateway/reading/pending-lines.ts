import type { TokenLine } from '../printed/tokens.ts';
import type { Found } from '../printed/provenance.ts';
import { isAboutPrice } from './name-lines.ts';
import type { BodyLine, CellContext, OpenRow } from './open-rows.ts';
import { blocksOf, extend, prepend } from './open-rows.ts';
import type { LeftOut } from './row-lines.ts';
import { CONTINUATION_LINES_MAX } from './row-lines.ts';

/** The state of one part of a table: its rows so far, and the lines that belong to no row yet. */
export interface Part {
  readonly rows: OpenRow[];
  readonly pending: BodyLine[];
  /** True when the first row showed that the values of a row stand at the middle or at the end of its words. */
  isCentred: boolean;
  /** True when some row showed that amounts stand below the quantities of their rows. */
  hasLowerAmounts: boolean;
  lastLine: number;
  readonly leftOut: LeftOut[];
  /** How many rows stand above the last line that is their sum. */
  sumAt: number;
}

/** The name of an item may begin at most this many line heights below its figures. */
const FIRST_NAME_LINE_MAX = 2;

export function openRow(part: Part, body: BodyLine, cells: Map<string, Found>, context: CellContext): void {
  const { line, assigned } = body;
  const above = part.rows.findLast((each) => each.lastPage === line.page);
  const row: OpenRow = {
    page: line.page,
    cells,
    blocks: blocksOf(assigned, context.columns),
    y: line.y,
    isNamed: false,
    lastPage: line.page,
    top: line.y,
    size: line.size,
  };
  if (above) takeListed(part, context);
  const waiting = part.pending.splice(0);
  if (part.isCentred && above) {
    const [before, after] = atWidestGap(above, waiting, row);
    takeChain(part, before, context);
    part.pending.length = 0;
    for (const early of [...after].reverse()) prepend(row, early, context);
  } else {
    const own = waiting.filter((early) => closerToNext(early.line, above, row));
    for (const early of [...own].reverse()) prepend(row, early, context);
    if (part.rows.length === 0) part.isCentred = own.length > 0;
  }
  part.rows.push(row);
}

/** A mark in front of a remark of a list. */
const BULLET = /^[*\u2022\u25aa\u25cf\u25e6]$/;

/** Adds the pending lines to the row above, up to the last remark of a list. No name begins with the mark of a remark. */
function takeListed(part: Part, context: CellContext): void {
  const at = part.pending.findLastIndex(({ line: { tokens } }) => BULLET.test(tokens[0]?.text ?? ''));
  if (at < 0) return;
  const [...after] = part.pending.splice(at + 1);
  takeChain(part, part.pending.splice(0), context);
  part.pending.splice(0, Infinity, ...after);
}

/** Adds the last pending line to the row above it, if the line is close enough. Returns whether the line was added. */
export function takePending(part: Part, context: CellContext): boolean {
  const previous = part.rows.at(-1);
  const [body] = part.pending.slice(-1);
  if (!previous || !body) return false;
  const { line } = body;
  if (line.page !== previous.lastPage) return false;
  const hasName = previous.blocks.has('name') || !context.columns.some(({ name }) => name === 'name');
  const stepMax = hasName ? CONTINUATION_LINES_MAX : FIRST_NAME_LINE_MAX;
  if (line.y - previous.y > stepMax * Math.min(line.size, previous.size)) return false;
  part.pending.pop();
  if (isAboutPrice(line.tokens)) {
    previous.isNamed = true;
    return true;
  }
  extend(previous, body, context);
  return true;
}

/**
 * Adds lines to the last row until a line is too far below the previous line. Returns the index of the last line
 * added.
 */
export function takeChain(part: Part, lines: readonly BodyLine[], context: CellContext): number | undefined {
  let last: number | undefined;
  for (const body of lines) {
    part.pending.push(body);
    if (!takePending(part, context)) break;
    last = body.line.index;
  }
  return last;
}

/** Two gaps that differ by at most this many points count as equal. */
const SAME_GAP = 0.4;

/** Splits the lines between two rows at the widest gap. The words of such rows stand above and below their values. */
function atWidestGap(
  above: OpenRow | undefined,
  lines: readonly BodyLine[],
  row: OpenRow,
): [readonly BodyLine[], readonly BodyLine[]] {
  if (!above) return [[], lines];
  const ys = [above.y, ...lines.map(({ line }) => line.y), row.top];
  const gaps = ys.slice(1).map((y, i) => y - (ys[i] ?? 0));
  const widest = Math.max(...gaps);
  const at = gaps.findLastIndex((gap) => gap >= widest - SAME_GAP);
  return [lines.slice(0, at), lines.slice(at)];
}

function closerToNext(line: TokenLine, previous: OpenRow | undefined, next: OpenRow): boolean {
  const down = next.top - line.y;
  return down <= 2.2 * next.size && (!previous || down < line.y - previous.y);
}

/** Remarks on an item stand at most this many line heights below it. */
const REMARK_DISTANCE_MAX = 5;

export function isNear(line: TokenLine, row: OpenRow): boolean {
  return line.page === row.lastPage && line.y - row.y <= REMARK_DISTANCE_MAX * line.size;
}
