/**
 * Limit of a name, in code points. Text that Postgres or a terminal cannot handle must never enter the log (A-FN04).
 */
export const NAME_CODE_POINTS_MAX = 200;
/** The name of a file whose own name has no showable character. */
const NAMELESS = 'document.pdf';

/**
 * Characters without a shape: control, format (bidi, zero-width, tags), line and paragraph separators (Unicode general
 * categories; A-FN04).
 */
const UNSHOWABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const EXTENSION_CHARS_MAX = 10;

/**
 * The name under which a file is shown: the last part of the sent path, well-formed, NFC, without invisible
 * characters. It has at most 200 code points, keeps the extension, and is never empty. The name is only shown: no
 * path or key is made from it (A-FN01).
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
