import type { Box } from '../pdf/matrix.ts';
import { union } from '../pdf/matrix.ts';
import type { Token, TokenLine } from '../printed/tokens.ts';
import { cellsOf, textOf } from '../printed/tokens.ts';
import type { CellEdges } from './cell-edges.ts';

/** Words of one line, without a wide gap or a drawn line between them. */
export interface Run {
  readonly text: string;
  readonly tokens: readonly Token[];
  readonly x0: number;
  readonly x1: number;
  /** The baseline, and the middle of small letters, in page points. */
  readonly y: number;
  readonly middle: number;
  readonly size: number;
  readonly page: number;
  readonly box: Box;
}

/** Splits a line into runs, from left to right. */
export function runsOf(line: TokenLine, edges: CellEdges): Run[] {
  const middle = line.y - line.size * 0.3;
  return cellsOf(line)
    .flatMap((cell) => {
      const parts: Token[][] = [];
      for (const token of cell) {
        const last = parts.at(-1)?.at(-1);
        if (!last || edges.between(last.x1, token.x0, middle)) parts.push([]);
        parts.at(-1)?.push(token);
      }
      return parts;
    })
    .map((tokens) => ({
      text: textOf(tokens),
      tokens,
      x0: tokens[0]?.x0 ?? 0,
      x1: tokens.at(-1)?.x1 ?? 0,
      y: line.y,
      middle,
      size: line.size,
      page: line.page,
      box: tokens.map((token) => token.word.box).reduce(union),
    }));
}
