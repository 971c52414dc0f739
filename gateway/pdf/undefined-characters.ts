import type { FontObject } from './graphics-state.ts';
import type { TextPiece } from './show-glyphs.ts';
import type { HiddenCounts } from './visibility.ts';

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

/** A page whose characters are guesses to such a share has no text. */
const noTextShare = 0.5;
/** Fewer letters than this share are signs that somebody drew with a font of his own. */
const tellShare = 0.02;

/**
 * The pieces of a page that are text: all of them, or none where most characters are undefined.
 * Undefined ones are counted, so that the result says so, where they are figures or more than a few.
 */
export function definedPieces(pieces: readonly TextPiece[], counts: HiddenCounts): readonly TextPiece[] {
  const guessed = pieces.filter((piece) => piece.undefinedCharacters !== undefined);
  if (guessed.length === 0) return pieces;
  const all = pieces.reduce((sum, { text }) => sum + text.length, 0);
  const undefinedOnes = guessed.reduce((sum, { undefinedCharacters = 0 }) => sum + undefinedCharacters, 0);
  const share = undefinedOnes / all;
  if (share >= tellShare || guessed.some(({ text }) => /\d/.test(text)))
    counts.undefinedCharacters += undefinedOnes;
  return share > noTextShare ? [] : pieces;
}
