/** What Postgres or a terminal cannot hold must never enter the log (A-FN04). */
export const NAME_CODE_POINTS_MAX = 200;
/** Shown for a file whose name has nothing left that may be shown. */
const NAMELESS = 'document.pdf';

/** Control, format (bidi, zero-width, tags), line and paragraph separators (Unicode general categories; A-FN04). */
const UNSHOWABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const EXTENSION_CHARS_MAX = 10;

/**
 * The name a file is shown under: the last part of the path that was sent, well-formed, NFC, without invisible
 * characters. At most 200 code points, with the extension kept; never empty. It is only shown: no path or key is made
 * from it (A-FN01).
 */
export function displayNameOf(sent: string | undefined): string {
  const last = (sent ?? '').toWellFormed().split(/[/\\]/).at(-1) ?? '';
  const name = last.replace(UNSHOWABLE, '').normalize('NFC').trim();
  if (name === '' || /^\.+$/.test(name)) return NAMELESS;
  return shortened(name);
}

function shortened(name: string): string {
  const points = Array.from(name);
  if (points.length <= NAME_CODE_POINTS_MAX) return name;
  const extension = /\.[A-Za-z0-9]+$/.exec(name)?.[0] ?? '';
  const kept = extension.length <= EXTENSION_CHARS_MAX ? extension : '';
  return points.slice(0, NAME_CODE_POINTS_MAX - kept.length).join('') + kept;
}
