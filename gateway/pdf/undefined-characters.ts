import type { FontObject } from './font-object.ts';

/** Fonts of pictures: what they show was never a letter. */
const PICTURES = /dingbats|symbol|webdings/i;

/**
 * True for a character of which neither a map to Unicode nor the name of its glyph says what it is (ISO 32000-1,
 * 9.10.2). pdfjs then gives the character that has the number of the code, which is a guess.
 * @param code number of the character in its font
 */
export function isUndefined({ toUnicode, composite, name }: FontObject, code: number | undefined): boolean {
  if (toUnicode === undefined || code === undefined) return false;
  // A map by numbers alone stands for none; of a font with single bytes its encoding says more.
  const isKnown = '_map' in toUnicode ? toUnicode.has(code) : composite !== true;
  return !isKnown && !PICTURES.test(name ?? '');
}
