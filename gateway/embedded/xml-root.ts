/** Name and namespace of a root element. */
export interface XmlRoot {
  readonly name: string;
  readonly namespace: string;
}

/** Decodes XML by its byte order mark or declaration (UTF-8, UTF-16, Latin-1); undefined when the bytes are not XML text. */
export function decodeXml(bytes: Uint8Array): string | undefined {
  const encoding = encodingOf(bytes);
  let text: string;
  try {
    text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    // Bytes that do not decode are some other kind of attachment.
    return undefined;
  }
  return /^\uFEFF?\s*</.test(text) ? text : undefined;
}

function encodingOf(bytes: Uint8Array): string {
  const [a, b] = [bytes[0], bytes[1]];
  if ((a === 0xff && b === 0xfe) || (a === 0x3c && b === 0)) return 'utf-16le';
  if ((a === 0xfe && b === 0xff) || (a === 0 && b === 0x3c)) return 'utf-16be';
  const head = new TextDecoder('latin1').decode(bytes.subarray(0, 200));
  const declared = /^[^<]*<\?xml[^>]*encoding\s*=\s*["']([A-Za-z0-9._-]{1,20})["']/
    .exec(head)?.[1]
    ?.toLowerCase();
  return declared === 'iso-8859-1' || declared === 'windows-1252' || declared === 'iso-8859-15'
    ? declared
    : 'utf-8';
}

/** Prologue parts before the root: declaration, comments, instructions, document type. */
const PROLOGUE = /^\uFEFF?(?:\s+|<\?[^]*?\?>|<!--[^]*?-->|<!DOCTYPE[^[>]*(?:\[[^\]]*\]\s*)?>)/i;
const prologuePartsMax = 50;

/** The root element of a document that is not read any further; undefined when there is none near the start. */
export function rootOf(text: string): XmlRoot | undefined {
  let rest = text.slice(0, 200_000);
  for (let part = 0; part < prologuePartsMax; part++) {
    const match = PROLOGUE.exec(rest);
    if (!match || match[0] === '') break;
    rest = rest.slice(match[0].length);
  }
  const tag = /^<([A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)([^>]{0,20000})>/.exec(rest);
  if (!tag) return undefined;
  const [, prefix = '', name = '', attributes = ''] = tag;
  const wanted = prefix === '' ? 'xmlns' : `xmlns:${prefix.slice(0, -1)}`;
  const found = [...attributes.matchAll(/([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)].find(
    (m) => m[1] === wanted,
  );
  return { name, namespace: found?.[2] ?? found?.[3] ?? '' };
}
