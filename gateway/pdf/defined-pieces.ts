import type { TextPiece } from './show-glyphs.ts';
import type { HiddenCounts } from './visibility.ts';

/** A page counts as a page without text when more than this share of its characters is guessed. */
const NO_TEXT_SHARE = 0.5;
/**
 * A smaller share of guessed characters is not reported, unless they are figures: these are drawings in a font of the
 * author's own.
 */
const TELL_SHARE = 0.02;

/**
 * Returns the pieces of a page that are text: all of them, or none where the font defines too few of the characters.
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
