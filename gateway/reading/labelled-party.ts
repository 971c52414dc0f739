import type { ReadDocument } from './document.ts';
import type { TextBlock } from './parties.ts';
import type { Area } from './regions.ts';
import { isInside } from './regions.ts';
import { cellsOf } from './tokens.ts';
import type { Token } from './tokens.ts';

type BlockCell = TextBlock['cells'][number];

const NAME = new Set([
  'name',
  'nom',
  'nome',
  'nombre',
  'firma',
  'company',
  'raisonsociale',
  'ragionesociale',
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
]);

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
