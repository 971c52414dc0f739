import type { Found } from '../printed/provenance.ts';
import { foundIn } from '../printed/provenance.ts';
import type { Token } from '../printed/tokens.ts';
import { keyOf } from '../printed/tokens.ts';
import type { Notation } from './value-parsers.ts';
import { numberAt } from './value-parsers.ts';

/** Words in front of a colon that announce the number of units of a price (BT-149). */
const LABELS: ReadonlySet<string> = new Set(
  [
    'Basismenge', 'Preisbasis', 'Preisbasismenge', 'Base quantity', 'Price base quantity', 'Price base', 'Quantité de base',
    'Base de prix', 'Cantidad base', 'Quantità base', 'Quantidade base',
  ].map((label) => label.split(' ').map(keyOf).join('')),
); // prettier-ignore

const LABEL_WORDS_MAX = 4;

/**
 * Reads the number of units of a price from a line of a description that states nothing else: `Basismenge: 100 Stk`.
 */
export function baseQuantityLine(line: readonly Token[], { mark }: Notation): Found | undefined {
  let key = '';
  for (let at = 0; at < Math.min(line.length, LABEL_WORDS_MAX); at += 1) {
    key += line[at]?.key ?? '';
    if (!line[at]?.text.endsWith(':')) continue;
    const rest = line.slice(at + 1);
    const number = LABELS.has(key) ? numberAt(rest, mark) : undefined;
    // Only a unit may follow the number.
    if (!number || rest.length > number.count + 1) return undefined;
    return foundIn(number.value, rest.slice(0, number.count), 'base quantity under the name', 0.8);
  }
  return undefined;
}
