import type { ReadDocument } from './document.ts';
import type { Role } from './parties.ts';
import type { Area } from './regions.ts';
import { ADDRESS, POST_CODE, TOWN } from './address-labels.ts';
import type { BlockCell } from './text-blocks.ts';
import type { Found } from '../printed/provenance.ts';
import { foundIn } from '../printed/provenance.ts';
import { cellsOf, textOf } from '../printed/tokens.ts';
import type { Token, TokenLine } from '../printed/tokens.ts';

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

/** A list under the title of a party has at most this many lines. */
const LIST_LINES_MAX = 9;

/** The area of a list of labels and values under a title of the party. */
export function listArea(role: Role, document: ReadDocument): Area | undefined {
  for (const { hit } of document.hitsByOwner.get(`party:${role}`) ?? []) {
    const { line } = hit;
    const under = document.lines
      .slice(line.index + 1, line.index + 1 + LIST_LINES_MAX)
      .find((next) => next.page === line.page && next.y - line.y > 0.5 * line.size);
    const labels = under
      ? cellsOf(under).filter((cell) => Math.abs((cell[0] as Token).x0 - hit.x0) < 20)
      : [];
    if (!labels.some((cell) => NAME.has(cell.map((token) => token.key).join('')))) continue;
    const beside = (document.hits[line.index] ?? []).find(
      (other) => other.x0 > hit.x1 && other.uses.some((use) => use.owner.startsWith('party:')),
    );
    const x1 = beside ? beside.x0 - 1 : Number.POSITIVE_INFINITY;
    return { page: line.page, x0: hit.x0 - 3, x1, y0: line.y, y1: line.y + LIST_LINES_MAX * 1.6 * line.size };
  }
  return undefined;
}

interface Row {
  readonly key: string;
  readonly line: TokenLine;
  readonly values: BlockCell[];
}

/**
 * The lines of one value are closer together than the rows of the list. This is the largest distance, in font sizes.
 */
const SAME_VALUE_STEP_MAX = 1.45;

/**
 * Reads a party from a list of labels and values: `Name: Rohr AG`, `Address: Ring 1`, and `1010 Wien` below. Returns
 * the values of name and address, in that order; no values if the area holds no such list. Several lines with one
 * label at half height are one value.
 */
export function labelledParty(area: Area | undefined, document: ReadDocument): BlockCell[] {
  if (!area) return [];
  const rows = rowsOf(area, document);
  const name = rows.find(({ key, values }) => NAME.has(key) && values.length > 0);
  if (!name) return [];
  const address = rows.find(({ key, line }) => ADDRESS.has(key) && line.index > name.line.index);
  if (!address || address.values.length === 0) return [];
  const place = rows.filter(({ key, values }) => (POST_CODE.has(key) || TOWN.has(key)) && values.length > 0);
  place.sort((a, b) => Number(TOWN.has(a.key)) - Number(TOWN.has(b.key)));
  const ofPlace = place.length === 0 ? [] : [joined(place.flatMap(({ values }) => values))];
  return [joined(name.values), ...address.values, ...ofPlace];
}

const NUMBER = new Set([
  'nummer',
  'nr',
  'number',
  'no',
  'id',
  'identifier',
  'kennung',
  'numero',
  'identifiant',
]);

/** Reads the party's number from a list of labels and values: `Nummer: 4711` above the name. */
export function listedNumber(area: Area | undefined, document: ReadDocument): Found | undefined {
  if (!area) return undefined;
  const value = rowsOf(area, document).find(({ key }) => NUMBER.has(key))?.values[0]?.tokens ?? [];
  const text = textOf(value);
  return /^[A-Z\d][A-Z\d ./-]{2,29}$/i.test(text) && /\d/.test(text)
    ? foundIn(text, value, 'number in the list of the party', 0.8)
    : undefined;
}

function joined(values: readonly BlockCell[]): BlockCell {
  return { tokens: values.flatMap(({ tokens }) => tokens), line: (values[0] as BlockCell).line };
}

/** The rows of the list: each is a label with the values beside it and below it. */
function rowsOf(area: Area, document: ReadDocument): Row[] {
  const rows: Row[] = [];
  let valueX: number | undefined;
  let waiting: BlockCell[] = [];
  for (const line of document.lines) {
    if (line.rotated || line.page !== area.page || line.y < area.y0 || line.y > area.y1) continue;
    const cells = cellsOf(line).filter((cell) => startOf(cell) >= area.x0 && startOf(cell) < area.x1);
    const [first, second] = cells;
    if (!first) continue;
    const isValue = valueX !== undefined && Math.abs(startOf(first) - valueX) < 3;
    if (isValue || (rows.length > 0 && valueX === undefined && startOf(first) > area.x0 + 40)) {
      waiting = takeValue({ tokens: first, line }, rows.at(-1), waiting);
      continue;
    }
    const label = first.map((token) => token.key).join('');
    if (second) valueX ??= startOf(second);
    const own = second ? [{ tokens: second, line }] : [];
    const isOne = closeTo(waiting.at(-1)?.line, line, 1);
    rows.push({ key: label, line, values: isOne ? [...waiting, ...own] : own });
    waiting = [];
  }
  return rows;
}

const startOf = (cell: readonly Token[]): number => cell[0]?.x0 ?? 0;

function closeTo(line: TokenLine | undefined, other: TokenLine, times: number): boolean {
  return line !== undefined && Math.abs(other.y - line.y) <= SAME_VALUE_STEP_MAX * other.size * times;
}

/**
 * Gives a value without a label on its line to the row above, when the value is as close as two lines of one value.
 * The row of an address gets the value at any distance, if no other value is pending. Otherwise the value is kept for
 * the next label.
 */
function takeValue(cell: BlockCell, row: Row | undefined, waiting: BlockCell[]): BlockCell[] {
  const last = row?.values.at(-1)?.line ?? row?.line;
  if (row && (closeTo(last, cell.line, 1) || (ADDRESS.has(row.key) && waiting.length === 0))) {
    row.values.push(cell);
    return waiting;
  }
  return [...waiting, cell];
}
