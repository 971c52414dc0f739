/** A piece of a result's unchanged text. A piece of kind `text` lies between two tags, without blanks around it. */
export interface XmlToken {
  readonly kind: 'tag' | 'text' | 'blank';
  readonly source: string;
  /** The text with its entities decoded; empty for the other kinds. */
  readonly text: string;
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Splits well-formed XML into tags and texts. The joined pieces give the whole text again. */
export function tokensOf(xml: string): XmlToken[] {
  return xml
    .split(/(<[^>]*>)/)
    .filter((source) => source !== '')
    .map((source) => {
      if (source.startsWith('<')) return { kind: 'tag', source, text: '' };
      const text = source.trim();
      return text === ''
        ? { kind: 'blank', source, text: '' }
        : { kind: 'text', source, text: decoded(text) };
    });
}

function decoded(text: string): string {
  return text.replace(/&(#x?)?(\w+);/g, (whole, hash: string | undefined, name: string) => {
    if (hash === undefined) return NAMED[name] ?? whole;
    const code = Number.parseInt(name, hash === '#x' ? 16 : 10);
    return Number.isNaN(code) || code > 0x10ffff ? whole : String.fromCodePoint(code);
  });
}
