/** The name and the namespace of a root element. */
export interface XmlRoot {
  readonly name: string;
  readonly namespace: string;
}

/** XML as text, with the facts about its encoding. */
export interface XmlText {
  readonly text: string;
  /** The encoding of the bytes, for example `utf-8` or `utf-16le`. */
  readonly encoding: string;
  /** The encoding in the declaration; undefined when the declaration names no encoding. */
  readonly declared: string | undefined;
  /** False when some bytes are invalid in this encoding. The characters of these bytes are lost. */
  readonly isSound: boolean;
}

/** Decodes XML by its byte order mark or declaration (UTF-8, UTF-16, Latin-1); undefined when the bytes are not XML text. */
export function xmlTextOf(bytes: Uint8Array): XmlText | undefined {
  const wide = wideEncoding(bytes);
  const encoding = wide ?? byteEncoding(bytes);
  const sound = decoded(bytes, encoding, { fatal: true });
  const text = sound ?? decoded(bytes, encoding, { fatal: false });
  if (text === undefined || !/^\uFEFF?\s*</.test(text)) return undefined;
  return { text, encoding, declared: declaredIn(text), isSound: sound !== undefined };
}

function decoded(bytes: Uint8Array, encoding: string, options: TextDecoderOptions): string | undefined {
  try {
    return new TextDecoder(encoding, options).decode(bytes);
  } catch {
    // These bytes are no XML, or they do not have the declared encoding.
    return undefined;
  }
}

/**
 * Recognises UTF-16 by the byte order mark, or by the zero byte beside the first `<`. Undefined for any other encoding.
 */
function wideEncoding(bytes: Uint8Array): string | undefined {
  const a = bytes[0];
  const b = bytes[1];
  if ((a === 0xff && b === 0xfe) || (a === 0x3c && b === 0)) return 'utf-16le';
  return (a === 0xfe && b === 0xff) || (a === 0 && b === 0x3c) ? 'utf-16be' : undefined;
}

function byteEncoding(bytes: Uint8Array): string {
  const declared = declaredIn(new TextDecoder('latin1').decode(bytes.subarray(0, 200)));
  return declared === 'iso-8859-1' || declared === 'windows-1252' || declared === 'iso-8859-15'
    ? declared
    : 'utf-8';
}

function declaredIn(text: string): string | undefined {
  return /^[^<]*<\?xml[^>]*encoding\s*=\s*["']([A-Za-z0-9._-]{1,20})["']/
    .exec(text.slice(0, 300))?.[1]
    ?.toLowerCase();
}

/** A part of the prologue before the root: declaration, comment, processing instruction or document type. */
const PROLOGUE = /^\uFEFF?(?:\s+|<\?[^]*?\?>|<!--[^]*?-->|<!DOCTYPE[^[>]*(?:\[[^\]]*\]\s*)?>)/i;
const PROLOGUE_PARTS_MAX = 50;

/** Finds the root element without reading further; undefined when there is none near the start. */
export function rootOf(text: string): XmlRoot | undefined {
  let rest = text.slice(0, 200_000);
  for (let part = 0; part < PROLOGUE_PARTS_MAX; part += 1) {
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
