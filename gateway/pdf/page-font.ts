import type { FontObject } from './font-object.ts';
import { isUndefined } from './undefined-characters.ts';

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
