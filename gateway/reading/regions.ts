import type { LabelHit } from './labels.ts';
import type { InvoiceMapping } from '../mapping/mapping-schema.ts';
import type { ReadDocument } from './document.ts';
import type { TokenLine } from '../printed/tokens.ts';

/** A part of one page, in reading coordinates. */
export interface Area {
  readonly page: number;
  readonly x0: number;
  readonly x1: number;
  readonly y0: number;
  readonly y1: number;
}

export function isInside(area: Area, line: TokenLine, x: number): boolean {
  return (
    line.page === area.page && line.y >= area.y0 - 0.1 && line.y <= area.y1 && x >= area.x0 && x < area.x1
  );
}

/**
 * Finds the areas of a mapping's regions in a document. An area begins at the first label of its region. It ends above
 * the next `until` label or the next region, and to the left of a region's label on the same line.
 */
export function findRegions(mapping: InvoiceMapping, document: ReadDocument): ReadonlyMap<string, Area> {
  const areas = new Map<string, Area>();
  for (const [name, rule] of Object.entries(mapping.regions))
    for (const line of document.lines) {
      const hit = (document.hits[line.index] ?? []).find((h) =>
        h.uses.some((use) => use.owner === `region:${name}`),
      );
      if (!hit || line.rotated) continue;
      areas.set(name, areaFrom(name, hit, rule.linesMax, document));
      break;
    }

  return areas;
}

function areaFrom(name: string, { line, x0 }: LabelHit, linesMax: number, document: ReadDocument): Area {
  let x1 = Number.POSITIVE_INFINITY;
  let y1 = line.y + linesMax * line.size * 1.6;
  for (const other of document.lines) {
    if (other.page !== line.page || other.rotated) continue;
    for (const hit of document.hits[other.index] ?? []) {
      const sameRow = Math.abs(other.y - line.y) < line.size;
      const bounds = hit.uses.some(
        (use) =>
          use.owner === `until:${name}` ||
          (use.owner.startsWith('region:') && use.owner !== `region:${name}`) ||
          (sameRow && use.owner.startsWith('party:') && use.owner !== `party:${name}`),
      );
      if (!bounds) continue;
      if (sameRow && hit.x0 > x0) x1 = Math.min(x1, hit.x0 - 1);
      else if (other.y > line.y + line.size * 0.5 && hit.x0 < x1 && Math.abs(hit.x0 - x0) < 60)
        y1 = Math.min(y1, other.y - other.size * 0.8);
    }
  }
  return { page: line.page, x0: x0 - 3, x1, y0: line.y, y1 };
}
