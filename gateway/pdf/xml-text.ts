/** Text that XML 1.0 can contain, and the number of characters that were left out. */
export interface XmlText {
  readonly text: string;
  readonly dropped: number;
}

/** Every character outside the Char production of XML 1.0 (section 2.2), also lone surrogates. */
const ILLEGAL = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;
/** Ligatures and width variants that stand for plain letters (Unicode compatibility decompositions). */
const COMPATIBILITY = /[\uFB00-\uFB06\uFF01-\uFF5E]+/g;
/** Spaces of every kind except the plain space. */
const SPACES = /[\u00A0\u1680\u2000-\u200A\u202F\u205F\u3000]/g;
const ZERO_WIDTH = /[\u00AD\u200B-\u200D\u2060\uFEFF]/g;

/** Matches printable ASCII. Most texts consist of it and need no change. */
const PLAIN = /^[\x20-\x7e]*$/;

/** Drops characters that XML cannot contain, replaces ligatures by letters, and composes accents (NFC). */
export function xmlText(raw: string): XmlText {
  if (PLAIN.test(raw)) return { text: raw, dropped: 0 };
  let dropped = 0;
  const legal = raw.replace(ILLEGAL, () => {
    dropped += 1;
    return '';
  });
  const text = legal
    .replace(COMPATIBILITY, (match) => match.normalize('NFKC'))
    .replace(SPACES, ' ')
    .replace(ZERO_WIDTH, '')
    .normalize('NFC');
  return { text, dropped };
}
