import type { ReadDocument } from './document.ts';
import type { LabelHit } from './labels.ts';
import { LEGAL_FORM } from './legal-forms.ts';
import type { BlockCell } from './text-blocks.ts';
import { textOf } from '../printed/tokens.ts';

/**
 * True for a cell that begins with the label of a tax number, a contact or another field. It is not part of the
 * address.
 */
export function isLabelled(cell: BlockCell, document: ReadDocument): boolean {
  if (isLabelWithNumber(cell)) return true;
  const hit = (document.hits[cell.line.index] ?? []).find((h) => cell.line.tokens[h.from] === cell.tokens[0]);
  return (
    hit !== undefined &&
    hit.uses.some((use) => /^(?:vat:|field:|decoy|party:|name:)/.test(use.owner)) &&
    !beginsAName(hit, cell)
  );
}

/** Words, a colon and figures, in one cell or in two: `Number: 4711`, `Global number: 4012345000009 (GLN)`. */
const LABEL_WITH_NUMBER = /^\p{L}[\p{L}\s./-]{1,40}:\s?(?:\p{Lu}{1,4}[ -]?)?\d/u;

function isLabelWithNumber({ tokens, line }: BlockCell): boolean {
  const last = tokens.at(-1);
  const next = last && line.tokens[line.tokens.indexOf(last) + 1];
  const isApart = next?.text.startsWith(':') === true;
  return isApart || LABEL_WITH_NUMBER.test(textOf(tokens).replace(/\s+:/g, ':'));
}

/** True when a cell holds more than its label, such as `Buyer Company`. A title stands alone or in front of a colon. */
export function isMoreThanALabel({ tokens, line }: BlockCell, document: ReadDocument): boolean {
  const hit = (document.hits[line.index] ?? []).find((each) => line.tokens[each.from] === tokens[0]);
  const label = tokens.slice(0, hit ? hit.to - hit.from : 0);
  return tokens.length > label.length && !tokens.some(({ text }) => /[:\d]/.test(text));
}

/** Labels of at most this many letters can be part of a name: `Le Comptoir`, `Von Hofmann`, `Del Rio`. */
const SHORT_LABEL_LENGTH = 3;

/**
 * True for a name that begins with a label: `Le Comptoir SARL`, `Lieferant GmbH`. It has more words, no colon and no
 * figure.
 */
function beginsAName(hit: LabelHit, { tokens }: BlockCell): boolean {
  const label = tokens.slice(0, hit.to - hit.from);
  const rest = tokens.slice(label.length);
  const text = textOf(rest);
  if (rest.length === 0 || label.at(-1)?.text.endsWith(':') === true || /\d|^:/.test(text)) return false;
  if (hit.uses.some((use) => use.owner.startsWith('vat:'))) return false;
  return hit.key.length <= SHORT_LABEL_LENGTH || LEGAL_FORM.test(text);
}
