const EXTENSIONS: Readonly<Record<string, string>> = {
  'application/xml': 'xml',
  'text/calendar': 'ics',
  'application/json': 'json',
  'text/csv': 'csv',
};
const BASE_CODE_POINTS_MAX = 180;
/**
 * Matches names that other programs misunderstand. Windows takes a name such as `con` or `con.txt` for a device
 * (Microsoft, "Naming Files, Paths, and Namespaces"). Programs at a terminal take a name that begins with `-` for an
 * option.
 */
const TAKEN_FOR_ELSE = /^(?:-|(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$) *(?:\.|$))/i;

/**
 * The file name of a result: the PDF's name, with the ending of the result's format. The name has no characters that
 * a file system or a reader may misinterpret: path separators, controls, bidi controls (A-FN04, A-FN06, A-FN10).
 */
export function resultName(filename: string, mediaType: string): string {
  const base = filename
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Cf}\ufffd]/gu, '')
    .replaceAll(/[/\\:*?"<>|]/g, '_')
    .replace(/\.pdf$/i, '')
    .replace(/^[. ]+/, '')
    .replace(/[. ]+$/, '');
  const safe = TAKEN_FOR_ELSE.test(base) ? `_${base}` : base;
  const bounded = [...safe].slice(0, BASE_CODE_POINTS_MAX).join('') || 'result';
  return `${bounded}.${EXTENSIONS[mediaType] ?? 'bin'}`;
}

/**
 * Makes names unique within one archive: the second `a.xml` becomes `a (2).xml`. Names that differ only in case count
 * as equal, as in some file systems.
 */
export function uniqueNames(): (name: string) => string {
  const taken = new Set<string>();
  const lastOf = new Map<string, number>();
  return (name) => {
    const at = name.lastIndexOf('.');
    const [base, ending] = at > 0 ? [name.slice(0, at), name.slice(at)] : [name, ''];
    let count = lastOf.get(name.toLowerCase()) ?? 1;
    let unique = count === 1 ? name : `${base} (${count})${ending}`;
    while (taken.has(unique.toLowerCase())) unique = `${base} (${(count += 1)})${ending}`;
    taken.add(unique.toLowerCase());
    lastOf.set(name.toLowerCase(), count);
    return unique;
  };
}
