import type { ReadDocument } from './document.ts';
import type { Role } from './parties.ts';
import type { Area } from './regions.ts';
import { isInside } from './regions.ts';
import type { BlockCell } from './text-blocks.ts';
import { cellsOf } from './tokens.ts';
import type { Token } from './tokens.ts';

const NAME = new Set([
  'name',
  'nom',
  'nome',
  'nombre',
  'firma',
  'company',
  'raisonsociale',
  'ragionesociale',
  'razonsocial',
  'denominacion',
  'denominazione',
]);
const ADDRESS = new Set([
  'anschrift',
  'adresse',
  'address',
  'morada',
  'direccion',
  'indirizzo',
  'strasse',
  'street',
  'domicilio',
  'domicile',
  'sede',
  'siege',
]);

/** A list under the title of a party is this many lines long at most. */
const listLinesMax = 9;

/** Where a list of labels and values stands under a title of the party; undefined where there is none. */
export function listArea(role: Role, document: ReadDocument): Area | undefined {
  for (const { hit } of document.hitsByOwner.get(`party:${role}`) ?? []) {
    const { line } = hit;
    const under = document.lines
      .slice(line.index + 1, line.index + 1 + listLinesMax)
      .find((next) => next.page === line.page && next.y - line.y > 0.5 * line.size);
    const labels = under
      ? cellsOf(under).filter((cell) => Math.abs((cell[0] as Token).x0 - hit.x0) < 20)
      : [];
    if (!labels.some((cell) => NAME.has(cell.map((token) => token.key).join('')))) continue;
    const beside = (document.hits[line.index] ?? []).find(
      (other) => other.x0 > hit.x1 && other.uses.some((use) => use.owner.startsWith('party:')),
    );
    const x1 = beside ? beside.x0 - 1 : Number.POSITIVE_INFINITY;
    return { page: line.page, x0: hit.x0 - 3, x1, y0: line.y, y1: line.y + listLinesMax * 1.6 * line.size };
  }
  return undefined;
}

/**
 * A party as a list of labels and values: `Name: Rohr AG`, `Address: Ring 1`, under it `1010 Wien`. Answers the values of
 * its name and address, in that order; empty when its region is not such a list.
 */
export function labelledParty(area: Area | undefined, document: ReadDocument): BlockCell[] {
  if (!area) return [];
  const found: BlockCell[] = [];
  let addressAt: number | undefined;
  for (const line of document.lines) {
    const first = line.tokens[0];
    if (line.rotated || !first || !isInside(area, line, first.x0)) {
      // The further lines of an address stand under its first value, right of where the region's labels begin.
      if (addressAt === undefined || line.page !== area.page || line.y > area.y1) continue;
    }
    const [label, value] = cellsOf(line).filter((cell) => (cell[0] as Token).x0 < area.x1);
    if (!label) continue;
    const key = label.map((token) => token.key).join('');
    const from = value?.[0]?.x0;
    if (addressAt !== undefined && !value && Math.abs((label[0] as Token).x0 - addressAt) < 3) {
      found.push({ tokens: label, line });
      continue;
    }
    addressAt = undefined;
    if (!value || from === undefined) continue;
    if (NAME.has(key) && found.length === 0) found.push({ tokens: value, line });
    else if (ADDRESS.has(key) && found.length > 0) {
      found.push({ tokens: value, line });
      addressAt = from;
    }
  }
  return found.length > 1 ? found : [];
}
