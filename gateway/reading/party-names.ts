import { postalOf } from './address-lines.ts';
import type { Token } from './tokens.ts';
import { textOf } from './tokens.ts';

/** Cells of an address block that are not its name. */
const NOT_A_NAME =
  /^(?:nif|nipc|nº|tel|telf|telefone|telemóvel|fax|e-?mail|www|http|capital|cons|mat|iban|swift|bic|contrib|vat|ust|tva|siren|siret|gln|original|duplicado|triplicado|pág|page|seite|data|date|@|atcud)\b|@|^\d[\d\s./-]*$|^www\.|^p[áa]g\.?\s/iu;

/** True for words that may be a name or a street: no label, no number, no postal code. */
export function isNameLike(tokens: readonly Token[]): boolean {
  const text = textOf(tokens);
  return /\p{L}{2}/u.test(text) && !NOT_A_NAME.test(text) && !/:$/.test(text) && !postalOf(text);
}
