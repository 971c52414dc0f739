import type { XmlElement } from './xml-tree.ts';

const UBL = 'urn:oasis:names:specification:ubl:schema:xsd';

/** The prefixes of names in the result, whichever prefixes the document uses. */
const PREFIXES: Readonly<Record<string, string>> = {
  [`${UBL}:Invoice-2`]: '',
  [`${UBL}:CreditNote-2`]: '',
  [`${UBL}:CommonAggregateComponents-2`]: 'cac:',
  [`${UBL}:CommonBasicComponents-2`]: 'cbc:',
  [`${UBL}:CommonExtensionComponents-2`]: 'ext:',
};

/** Matches what may follow `<`: a comment, an instruction, a CDATA section or a tag. A document type does not match. */
const MARKUP =
  /<(?:!--[^]*?--|\?[^]*?\?|!\[CDATA\[([^]*?)\]\]|(\/?)([^\s<>/=!?'"]+)((?:\s+[^\s<>/='"]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?))>/y;
const ATTRIBUTE = /([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
const ENTITY = /&(?:#(\d{1,7})|#x([\da-fA-F]{1,6})|(amp|lt|gt|quot|apos))?;?/g;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** The most levels of nested elements. UBL has about ten levels. */
const DEPTH_MAX = 100;

/** The namespaces in scope of an element, by prefix, and the names that occurred in that scope. */
interface Scope {
  readonly namespaces: ReadonlyMap<string, string>;
  readonly names: Map<string, string>;
}

/** An element whose end tag has not come yet. */
interface Open {
  readonly tag: string;
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly scope: Scope;
  children: XmlElement[];
  text: string;
}

const NONE: Scope = { namespaces: new Map(), names: new Map() };
const NO_ATTRIBUTES: Readonly<Record<string, string>> = {};

/**
 * Parses a document into its elements in their order. Returns undefined when it is not well-formed, has a document
 * type, or is nested more than 100 deep. ADR 0142 says why Docket does not use a library. A test compares the parser
 * with a library.
 */
export function parseXml(xml: string): XmlElement | undefined {
  const open: Open[] = [];
  let root: XmlElement | undefined;
  let at = xml.startsWith('\uFEFF') ? 1 : 0;
  while (at < xml.length) {
    const next = xml.indexOf('<', at);
    const between = next === at ? '' : xml.slice(at, next < 0 ? undefined : next);
    const current = open.at(-1);
    if (!takeText(between, current)) return undefined;
    if (next < 0) break;
    const markup = markupAt(xml, next);
    if (markup === undefined) return undefined;
    at = next + markup.length;
    const { asItIs, tag, closes, attributes, isEmpty } = markup;
    if (asItIs !== undefined) {
      if (current === undefined) return undefined;
      current.text += asItIs;
    }
    if (tag === undefined) continue;
    if (!closes) {
      const begun =
        open.length >= DEPTH_MAX || (root && !current) ? undefined : begin(tag, attributes, current);
      if (begun === undefined) return undefined;
      open.push(begun);
    }
    if (!closes && !isEmpty) continue;
    const ended = open.pop();
    if (ended?.tag !== tag || (closes && (isEmpty || attributes !== NO_ATTRIBUTES))) return undefined;
    const element = elementOf(ended);
    const parent = open.at(-1);
    if (parent) addChild(parent, element);
    else root = element;
  }
  return open.length === 0 ? root : undefined;
}

/**
 * Most elements have no children and share this list. An element with children gets its own list, so nobody adds to
 * the shared list.
 */
const NO_CHILDREN: XmlElement[] = [];

function addChild(parent: Open, child: XmlElement): void {
  if (parent.children === NO_CHILDREN) parent.children = [child];
  else parent.children.push(child);
}

/** Adds the text before a tag to the element around the tag. Returns false when no text is allowed. */
function takeText(written: string, around: Open | undefined): boolean {
  if (written === '') return true;
  const isBlank = written.charCodeAt(0) <= BLANK && written.trim() === '';
  if (!around) return isBlank;
  // Blanks at the start of an element are removed in any case.
  if (isBlank && around.text === '') return true;
  const text = decoded(written);
  around.text += text ?? '';
  return text !== undefined;
}

const BLANK = 32;

/** A tag or other markup, from `<` to `>`. */
interface Markup {
  /** The length with both brackets. */
  readonly length: number;
  /** Text of a CDATA section. */
  readonly asItIs: string | undefined;
  /** The name of the tag; undefined for other markup. */
  readonly tag: string | undefined;
  readonly closes: boolean;
  /** Undefined when an attribute is repeated or has an unknown reference. */
  readonly attributes: Readonly<Record<string, string>> | undefined;
  readonly isEmpty: boolean;
}

/** Parsed markup by its text, because a document repeats the same few dozen tags. */
const metBefore = new Map<string, Markup>();
/** The most entries of the map. A full map is emptied. */
const KEPT_MAX = 500;
const KEPT_LENGTH_MAX = 200;

/** Reads the markup at a place. Markup that was already read comes from the map. */
function markupAt(xml: string, at: number): Markup | undefined {
  const written = xml.slice(at, xml.indexOf('>', at) + 1);
  const known = metBefore.get(written);
  if (known) return known;
  MARKUP.lastIndex = at;
  const match = MARKUP.exec(xml);
  if (match === null) return undefined;
  const [whole, asItIs, slash, tag, attributes = '', empty] = match;
  const markup = {
    length: whole.length,
    asItIs,
    tag,
    closes: slash === '/',
    attributes: attributes === '' ? NO_ATTRIBUTES : attributesOf(attributes),
    isEmpty: empty === '/',
  };
  if (metBefore.size >= KEPT_MAX) metBefore.clear();
  if (whole === written && whole.length <= KEPT_LENGTH_MAX) metBefore.set(whole, markup);
  return markup;
}

function elementOf({ name, attributes, text, children }: Open): XmlElement {
  return { name, attributes, text: text.trim(), children };
}

function begin(tag: string, attributes: Markup['attributes'], around: Open | undefined): Open | undefined {
  if (attributes === undefined) return undefined;
  const scope = withDeclared(attributes, around?.scope ?? NONE);
  return { tag, name: nameOf(tag, scope), attributes, scope, children: NO_CHILDREN, text: '' };
}

/** Parses attributes. Returns undefined when one is repeated or has an unknown reference. */
function attributesOf(written: string): Readonly<Record<string, string>> | undefined {
  const attributes: Record<string, string> = {};
  for (const [, name = '', quoted, apostrophed] of written.matchAll(ATTRIBUTE)) {
    const value = decoded(quoted ?? apostrophed ?? '');
    if (value === undefined || Object.hasOwn(attributes, name)) return undefined;
    attributes[name] = value;
  }
  return attributes;
}

/** Resolves the references of a text. Returns undefined when one of them is unknown. */
function decoded(text: string): string | undefined {
  if (!text.includes('&')) return text;
  let isSound = true;
  const plain = text.replace(ENTITY, (whole, decimal?: string, hex?: string, name?: string) => {
    const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
    const char =
      name === undefined
        ? code > 0 && code <= 0x10ffff
          ? String.fromCodePoint(code)
          : undefined
        : ENTITIES[name];
    if (char === undefined || !whole.endsWith(';')) isSound = false;
    return char ?? '';
  });
  return isSound ? plain : undefined;
}

function withDeclared(attributes: Readonly<Record<string, string>>, scope: Scope): Scope {
  let namespaces: Map<string, string> | undefined;
  for (const key in attributes) {
    if (key !== 'xmlns' && !key.startsWith('xmlns:')) continue;
    namespaces ??= new Map(scope.namespaces);
    namespaces.set(key.slice(6), attributes[key] ?? '');
  }
  return namespaces === undefined ? scope : { namespaces, names: new Map() };
}

/**
 * Returns the name with its prefix. A name of another namespace has that namespace in braces, so that it equals no name
 * of UBL.
 */
function nameOf(tag: string, { namespaces, names }: Scope): string {
  const known = names.get(tag);
  if (known !== undefined) return known;
  const colon = tag.indexOf(':');
  const namespace = namespaces.get(colon < 0 ? '' : tag.slice(0, colon)) ?? '';
  const prefix = PREFIXES[namespace];
  const local = tag.slice(colon + 1);
  const name = prefix === undefined ? `{${namespace}}${local}` : prefix + local;
  names.set(tag, name);
  return name;
}
