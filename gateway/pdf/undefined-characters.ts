import type { FontObject } from './font-object.ts';

/** Names of fonts whose glyphs are pictures and not letters. */
const PICTURES = /dingbats|symbol|webdings/i;

/**
 * True for a character that neither a map to Unicode nor its glyph's name identifies (ISO 32000-1, 9.10.2). pdfjs then
 * guesses the character whose Unicode number equals the code.
 * @param code number of the character in its font
 */
export function isUndefined({ toUnicode, composite, name }: FontObject, code: number | undefined): boolean {
  if (toUnicode === undefined || code === undefined) return false;
  // A map without `_map` only repeats the codes and identifies nothing. In a font with one-byte codes, the encoding
  // identifies the characters.
  const isKnown = '_map' in toUnicode ? toUnicode.has(code) : composite !== true;
  return !isKnown && !PICTURES.test(name ?? '');
}
