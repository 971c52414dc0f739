import { XMLParser, XMLValidator } from 'fast-xml-parser';

/** An element of a document, its name with the prefix that its namespace has here. */
export interface XmlElement {
  /** `cbc:ID`, `cac:Party`; the root's own namespace has no prefix: `Invoice`. */
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Text directly in the element, without blanks around it. */
  readonly text: string;
  readonly children: readonly XmlElement[];
}

const UBL = 'urn:oasis:names:specification:ubl:schema:xsd';

/** The prefixes that names get here, whichever the document itself uses. */
const PREFIXES: Readonly<Record<string, string>> = {
  [`${UBL}:Invoice-2`]: '',
  [`${UBL}:CreditNote-2`]: '',
  [`${UBL}:CommonAggregateComponents-2`]: 'cac:',
  [`${UBL}:CommonBasicComponents-2`]: 'cbc:',
  [`${UBL}:CommonExtensionComponents-2`]: 'ext:',
};

type Raw = Readonly<Record<string, unknown>>;

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  parseAttributeValue: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  // No callback asks where an element stands, so that no path need be made for it.
  jPath: false,
});

/** Reads a document into its elements in their order; undefined when it is not well-formed or has no root. */
export function parseXml(xml: string): XmlElement | undefined {
  if (XMLValidator.validate(xml) !== true) return undefined;
  const root = (parser.parse(xml) as Raw[]).find((node) => tagOf(node) !== '#text');
  return root === undefined ? undefined : element(root, new Map());
}

/** @param namespaces by prefix, as the elements around this one declare them; the default one has the prefix `''` */
function element(raw: Raw, namespaces: ReadonlyMap<string, string>): XmlElement {
  const tag = tagOf(raw);
  const attributes = (raw[':@'] ?? {}) as Record<string, string>;
  const known = withDeclared(attributes, namespaces);
  const inner = raw[tag] as readonly Raw[];
  let text = '';
  const children: XmlElement[] = [];
  for (const node of inner) {
    const piece = node['#text'];
    if (piece === undefined) children.push(element(node, known));
    else if (typeof piece === 'string') text += piece;
  }
  return { name: nameOf(tag, known), attributes, text: text.trim(), children };
}

function tagOf(raw: Raw): string {
  for (const key in raw) if (key !== ':@') return key;
  return '#text';
}

function withDeclared(
  attributes: Readonly<Record<string, string>>,
  namespaces: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  let known = namespaces;
  for (const key in attributes) {
    if (key !== 'xmlns' && !key.startsWith('xmlns:')) continue;
    known = new Map([...known, [key.slice(6), attributes[key] ?? '']]);
  }
  return known;
}

/** A name in another namespace keeps it in braces, so that it is equal to none of UBL's. */
function nameOf(tag: string, namespaces: ReadonlyMap<string, string>): string {
  const colon = tag.indexOf(':');
  const namespace = namespaces.get(colon < 0 ? '' : tag.slice(0, colon)) ?? '';
  const prefix = PREFIXES[namespace];
  const local = tag.slice(colon + 1);
  return prefix === undefined ? `{${namespace}}${local}` : prefix + local;
}

/** The children of one name. */
export function childrenOf(parent: XmlElement | undefined, name: string): readonly XmlElement[] {
  return parent === undefined ? [] : parent.children.filter((child) => child.name === name);
}

/** The first element at the end of a path of names, or undefined. */
export function firstAt(from: XmlElement | undefined, ...path: readonly string[]): XmlElement | undefined {
  let at = from;
  for (const name of path) at = at?.children.find((child) => child.name === name);
  return at;
}

/** All elements at the end of a path of names. */
export function allAt(from: XmlElement | undefined, ...path: readonly string[]): readonly XmlElement[] {
  let at: readonly XmlElement[] = from === undefined ? [] : [from];
  for (const name of path)
    at = at.flatMap((parent) => parent.children.filter((child) => child.name === name));
  return at;
}

/** The text of the first element at the end of a path; undefined when there is none or it is empty. */
export function textAt(from: XmlElement | undefined, ...path: readonly string[]): string | undefined {
  const text = firstAt(from, ...path)?.text;
  return text === '' ? undefined : text;
}

/** Every element below one, itself included, by its name and in document order. */
export function elementsByName(from: XmlElement): ReadonlyMap<string, readonly XmlElement[]> {
  const found = new Map<string, XmlElement[]>();
  const add = (element: XmlElement): void => {
    const known = found.get(element.name);
    if (known) known.push(element);
    else found.set(element.name, [element]);
    for (const child of element.children) add(child);
  };
  add(from);
  return found;
}
