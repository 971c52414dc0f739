import { xmlText } from '../pdf/xml-text.ts';

/** An element to write: either text or children. */
export interface XmlNode {
  readonly name: string;
  readonly attributes?: Readonly<Record<string, string>>;
  /** Only on the root: the namespaces of the document by prefix. */
  readonly namespaces?: Readonly<Record<string, string>>;
  readonly text?: string;
  readonly children?: readonly XmlNode[];
}

/**
 * Writes a document in UTF-8, one element a line. It leaves out all characters that XML cannot contain.
 * @throws TypeError for a name that XML does not allow
 */
export function writeXml(root: XmlNode): string {
  const document = { ...root, attributes: rootAttributes(root) };
  return `<?xml version="1.0" encoding="UTF-8"?>${element(document, '\n')}\n`;
}

/** Returns the attributes of a root, including the declarations of its prefixes. */
export function rootAttributes({ attributes, namespaces = {} }: XmlNode): Readonly<Record<string, string>> {
  const prefixes = Object.fromEntries(
    Object.entries(namespaces).map(([prefix, uri]) => [`xmlns:${prefix}`, uri]),
  );
  return { ...attributes, ...prefixes };
}

/**
 * Writes one element.
 * @param indent the line break and blanks before the element
 */
function element(node: XmlNode, indent: string): string {
  const name = checkedName(node.name);
  const attributes = node.attributes ?? {};
  let out = `${indent}<${name}`;
  for (const key in attributes) out += ` ${checkedName(key)}="${attributeValue(attributes[key] ?? '')}"`;
  const children = node.children ?? [];
  if (children.length > 0) {
    out += '>';
    for (const child of children) out += element(child, `${indent} `);
    return `${out}${indent}</${name}>`;
  }
  const text = escaped(node.text ?? '');
  return text === '' ? `${out}/>` : `${out}>${text}</${name}>`;
}

/** Names that passed the check. A document repeats the same few dozen names. */
const knownNames = new Set<string>();
/**
 * Matches names with at most one prefix, in the letters that Docket's vocabularies use (Namespaces in XML 1.0, 4:
 * QName).
 */
const NAME = /^[A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?$/;

function checkedName(name: string): string {
  if (knownNames.has(name)) return name;
  if (!NAME.test(name)) throw new TypeError(`no name in XML: ${JSON.stringify(name)}`);
  knownNames.add(name);
  return name;
}

/**
 * Matches printable ASCII that needs no escape in XML 1.0 (2.4). Most texts are of this kind and are written
 * unchanged.
 */
const AS_IT_IS = /^[\x20\x21\x23-\x25\x28-\x3b\x3d\x3f-\x7e]*$/;
const MARKUP = /[&<>"']/g;
const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

function escaped(raw: string): string {
  if (AS_IT_IS.test(raw)) return raw;
  return xmlText(raw).text.replace(MARKUP, (char) => ENTITIES[char] ?? '');
}

/**
 * Writes line breaks and tabs as character references, because a parser would turn them into blanks (XML 1.0, 3.3.3).
 */
function attributeValue(raw: string): string {
  return AS_IT_IS.test(raw) ? raw : escaped(raw).replace(/[\t\n\r]/g, (char) => `&#${char.charCodeAt(0)};`);
}
