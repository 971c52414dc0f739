import { postalOf } from './address-lines.ts';
import type { Token } from '../printed/tokens.ts';
import { textOf } from '../printed/tokens.ts';

/** Texts in an address block that are not the party's name. */
const NOT_A_NAME =
  /^(?:nif|nipc|nº|tel|telf|telefone|telemóvel|fax|e-?mail|www|http|capital|cons|mat|iban|swift|bic|contrib|vat|ust|tva|siren|siret|gln|original|duplicado|triplicado|pág|page|seite|data|date|@|atcud)\b|@|^\d[\d\s./-]*$|^www\.|^p[áa]g\.?\s/iu;

/** A title of a trade name. It stands above the trade name or beside it. */
const TRADE_NAME_TITLE =
  /^(?:trad(?:e|ing) name|nom commercial|nombre comercial|nome comercial|denominazione commerciale|handelsname)$/i;

/** True for words that may be a name or a street, because they are neither a label, nor a number, nor a postal code. */
export function isNameLike(tokens: readonly Token[]): boolean {
  const text = textOf(tokens);
  const isTitle = NOT_A_NAME.test(text) || TRADE_NAME_TITLE.test(text) || text.endsWith(':');
  return /\p{L}{2}/u.test(text) && !isTitle && !postalOf(text);
}
