import type { Line, PageText } from '../pdf/words.ts';

/** Lines that stand together: a paragraph, an address, a cell of a form. */
export interface Block {
  readonly rotated: boolean;
  readonly lines: Line[];
}

/** A gap between two words that is wider than this many font sizes separates two columns. */
const COLUMN_GAP_RATIO = 2.2;
/** A distance between two lines that is greater than this many font sizes separates two blocks. */
const PARAGRAPH_GAP_RATIO = 1.9;

interface Open {
  readonly block: Block;
  x0: number;
  x1: number;
  y: number;
  size: number;
}

/** The blocks of a page in reading order: top to bottom, then left to right. */
export function blocksOf(page: PageText): Block[] {
  const open: Open[] = [];
  const done: Open[] = [];
  for (const line of page.lines) {
    for (const part of splitAtColumns(line)) {
      const x0 = part.words[0]?.x0 ?? 0;
      const x1 = part.words.at(-1)?.x1 ?? x0;
      const home = open.find(
        (o) =>
          o.block.rotated === line.rotated &&
          part.y > o.y &&
          part.y - o.y < PARAGRAPH_GAP_RATIO * Math.max(o.size, part.size) &&
          Math.min(o.x1, x1) - Math.max(o.x0, x0) > 0 &&
          Math.abs(o.size - part.size) < 0.35 * Math.max(o.size, part.size),
      );
      if (home) {
        home.block.lines.push(part);
        Object.assign(home, {
          x0: Math.min(home.x0, x0),
          x1: Math.max(home.x1, x1),
          y: part.y,
          size: part.size,
        });
      } else
        open.push({ block: { rotated: line.rotated, lines: [part] }, x0, x1, y: part.y, size: part.size });
    }
    // A block far above gets no more lines. It is removed, so that the time of this loop is linear.
    for (let i = open.length - 1; i >= 0; i -= 1) {
      const o = open[i];
      if (o && (line.y - o.y > 6 * o.size || o.block.rotated !== line.rotated))
        done.push(...open.splice(i, 1));
    }
  }
  return [...done, ...open]
    .sort((a, b) => Number(a.block.rotated) - Number(b.block.rotated) || top(a) - top(b) || a.x0 - b.x0)
    .map((o) => o.block);
}

function top(o: Open): number {
  return Math.round((o.block.lines[0]?.y ?? 0) / 4);
}

function splitAtColumns(line: Line): Line[] {
  const parts: Line[] = [];
  let words: Line['words'][number][] = [];
  for (const word of line.words) {
    const previous = words.at(-1);
    if (previous && word.x0 - previous.x1 > COLUMN_GAP_RATIO * line.size) {
      parts.push({ ...line, words });
      words = [];
    }
    words.push(word);
  }
  if (words.length > 0) parts.push({ ...line, words });
  return parts;
}
