import type { FontObject } from './font-object.ts';

/** The properties of a font that are needed to place text, computed once for each page. */
export interface PageFont {
  /** A glyph's width times this factor is the width of the glyph in units of the font size. */
  readonly glyphScale: number;
  readonly vertical: boolean;
  readonly defaultVMetrics: readonly number[] | undefined;
  readonly bold: boolean;
  /** True for a character code that nothing in the file defines. */
  isUndefined(code: number | undefined): boolean;
}

/** Reads each property of a font once. pdfjs unpacks every property from bytes at each access. */
export function pageFont(font: FontObject): PageFont {
  const { toUnicode, composite, name } = font;
  const plain: FontObject = {
    ...(toUnicode === undefined ? {} : { toUnicode }),
    ...(composite === undefined ? {} : { composite }),
    ...(name === undefined ? {} : { name }),
  };
  const known = new Map<number, boolean>();
  return {
    glyphScale: font.fontMatrix?.[0] ?? 0.001,
    vertical: font.vertical === true,
    defaultVMetrics: font.defaultVMetrics,
    bold: font.bold === true || font.black === true || /bold|black|heavy/i.test(name ?? ''),
    isUndefined: (code) => {
      if (code === undefined) return false;
      let answer = known.get(code);
      if (answer === undefined) {
        answer = isUndefined(plain, code);
        known.set(code, answer);
      }
      return answer;
    },
  };
}

/** Names of fonts whose glyphs are pictures and not letters. */
const PICTURES = /dingbats|symbol|webdings/i;

/**
 * True for a character that neither a map to Unicode nor its glyph's name identifies (ISO 32000-1, 9.10.2). pdfjs then
 * guesses the character whose Unicode number equals the code.
 * @param code number of the character in its font
 */
function isUndefined({ toUnicode, composite, name }: FontObject, code: number | undefined): boolean {
  if (toUnicode === undefined || code === undefined) return false;
  // A map without `_map` only repeats the codes and identifies nothing. In a font with one-byte codes, the encoding
  // identifies the characters.
  const isKnown = '_map' in toUnicode ? toUnicode.has(code) : composite !== true;
  return !isKnown && !PICTURES.test(name ?? '');
}
