import type { TextPiece } from './show-glyphs.ts';
import type { HiddenCounts } from './visibility.ts';

/** A page counts as a page without text when more than this share of its characters is guessed. */
const NO_TEXT_SHARE = 0.5;
/**
 * Guessed characters are reported from this share on, and guessed figures always. A few guessed characters are
 * usually drawings in a font of the author.
 */
const TELL_SHARE = 0.02;

/**
 * Returns the pieces of a page that are text. If their font defines too few of the characters, they are not text.
 * Counts the undefined characters for a warning, when they are figures or more than a few.
 */
export function definedPieces(pieces: readonly TextPiece[], counts: HiddenCounts): readonly TextPiece[] {
  const guessed = pieces.filter((piece) => piece.undefinedCharacters !== undefined);
  if (guessed.length === 0) return pieces;
  const all = pieces.reduce((sum, { text }) => sum + text.length, 0);
  const undefinedOnes = guessed.reduce((sum, { undefinedCharacters = 0 }) => sum + undefinedCharacters, 0);
  const share = undefinedOnes / all;
  if (share >= TELL_SHARE || guessed.some(({ text }) => /\d/.test(text)))
    counts.undefinedCharacters += undefinedOnes;
  return share > NO_TEXT_SHARE ? [] : pieces;
}
