import type { Box } from '../pdf/matrix.ts';

/** The lines and the edges of filled areas on one page. */
export interface CellEdges {
  /** Returns the nearest edges around a point; undefined on a side without an edge. */
  around(x: number, y: number, within: Box): Around;
  /** True when a vertical edge stands between two points of one line. */
  between(x0: number, x1: number, y: number): boolean;
}

export interface Around {
  readonly left: number | undefined;
  readonly right: number | undefined;
  readonly top: number | undefined;
  readonly bottom: number | undefined;
}

/** The largest gap between a point and an edge that is drawn in pieces. */
const SLACK_PT = 1;

/**
 * Prepares the edges of a page for look-ups.
 * @param edges boxes without width or height, in page points
 */
export function cellEdges(edges: readonly Box[]): CellEdges {
  const upright = edges.filter((edge) => edge.x1 - edge.x0 < edge.y1 - edge.y0);
  const level = edges.filter((edge) => edge.x1 - edge.x0 > edge.y1 - edge.y0);
  return {
    around: (x, y, within) => {
      const xs = upright
        .filter((edge) => edge.y0 - SLACK_PT <= y && y <= edge.y1 + SLACK_PT)
        .map((edge) => (edge.x0 + edge.x1) / 2)
        .filter((at) => at >= within.x0 && at <= within.x1);
      const ys = level
        .filter((edge) => edge.x0 - SLACK_PT <= x && x <= edge.x1 + SLACK_PT)
        .map((edge) => (edge.y0 + edge.y1) / 2)
        .filter((at) => at >= within.y0 && at <= within.y1);
      return { left: below(xs, x), right: above(xs, x), top: below(ys, y), bottom: above(ys, y) };
    },
    between: (x0, x1, y) =>
      upright.some(
        (edge) =>
          edge.y0 - SLACK_PT <= y &&
          y <= edge.y1 + SLACK_PT &&
          edge.x0 >= x0 - SLACK_PT &&
          edge.x1 <= x1 + SLACK_PT,
      ),
  };
}

function below(values: readonly number[], limit: number): number | undefined {
  const found = values.filter((value) => value <= limit);
  return found.length === 0 ? undefined : Math.max(...found);
}

function above(values: readonly number[], limit: number): number | undefined {
  const found = values.filter((value) => value > limit);
  return found.length === 0 ? undefined : Math.min(...found);
}
