import type { ReadDocument } from './document.ts';
import { cellsOf, textOf } from '../printed/tokens.ts';
import type { Token } from '../printed/tokens.ts';

/** Titles and labels of the account holder, who is the seller. */
const HOLDER = new Set([
  'kontoinhaber', 'zahlungsempfanger', 'accountholder', 'accountname', 'beneficiary', 'payee', 'beneficiaire', 'titulaire',
  'titulaireducompte', 'titular', 'titulardaconta', 'beneficiario', 'intestatario', 'intestatarioconto',
]); // prettier-ignore
const NAME = new Set(['name', 'nom', 'nome', 'nombre']);
/**
 * Matches every text with a title or label of the holder, and few other texts. This saves the search in most
 * documents.
 */
const MAY_NAME_HOLDER = /kontoinhaber|empf[äa]nger|account|b[ée]n[ée]fici|payee|titula|intestatari/i;
const LINES_UNDER_MAX = 2;

/**
 * Finds the holder of the account for the payment: the value beside a label of the holder, or the name under a title.
 */
export function accountHolder(document: ReadDocument): string | undefined {
  if (!MAY_NAME_HOLDER.test(document.text)) return undefined;
  for (const line of document.lines)
    for (const cell of cellsOf(line, 1.4)) {
      const label = labelOf(cell);
      if (label === undefined || !HOLDER.has(label.key)) continue;
      if (label.rest !== '') return label.rest;
      for (const under of document.lines.slice(line.index + 1, line.index + 1 + LINES_UNDER_MAX)) {
        const named = cellsOf(under, 1.4)
          .map(labelOf)
          .find((each) => each !== undefined && NAME.has(each.key));
        if (named && named.rest !== '') return named.rest;
      }
    }

  return undefined;
}

/** Splits a cell at its colon into the key of its label and the value. Without a colon, the whole cell is the label. */
function labelOf(cell: readonly Token[]): { readonly key: string; readonly rest: string } | undefined {
  const at = cell.findIndex((token) => token.text.endsWith(':'));
  const end = at < 0 ? cell.length : at + 1;
  const key = cell
    .slice(0, end)
    .map((token) => token.key)
    .join('');
  return key === '' ? undefined : { key, rest: textOf(cell.slice(end)) };
}
