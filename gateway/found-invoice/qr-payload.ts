/** The fields of a Portuguese invoice's QR code by letter (AT, "Especificações Técnicas: Código QR", Portaria 195/2020). */
export type QrPayload = ReadonlyMap<string, string>;

/** Parses `A:...*B:...*...`; undefined for any other QR code. */
export function parseQrPayload(text: string): QrPayload | undefined {
  if (!/^A:[^*]{1,30}\*B:/.test(text) || text.length > 2000) return undefined;
  const fields = new Map<string, string>();
  for (const part of text.split('*')) {
    const at = part.indexOf(':');
    if (at > 0) fields.set(part.slice(0, at), part.slice(at + 1));
  }
  return fields.has('G') && fields.has('O') ? fields : undefined;
}

/** The letter of the QR code for each field. */
export const QR_LETTER_BY_FIELD: Readonly<Record<string, string>> = {
  number: 'G',
  issueDate: 'F',
  atcud: 'H',
  tax: 'N',
  grand: 'O',
  withholding: 'P',
};

/** A field's value as the QR code writes it. */
export function asQr(field: string, value: string): string {
  return field === 'issueDate' ? value.replaceAll('-', '') : value;
}
