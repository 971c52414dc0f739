import { xmlText } from '../pdf/xml-text.ts';
import type { XmlElement } from '../rules/xml-tree.ts';
import { rootAttributes } from './xml-writer.ts';
import type { XmlNode } from './xml-writer.ts';

const NO_ATTRIBUTES: Readonly<Record<string, string>> = {};
const NO_CHILDREN: readonly XmlElement[] = [];

/**
 * Returns the elements that a parser finds in a UBL document, without writing and parsing the document. A test
 * compares the result with the parser's (ADR 0163). Names keep their prefixes, because the rules use them.
 */
export function writtenElement(root: XmlNode): XmlElement {
  return { ...elementOf(root), attributes: attributesOf(rootAttributes(root)) };
}

function elementOf({ name, attributes, text, children }: XmlNode): XmlElement {
  const own = attributes === undefined ? NO_ATTRIBUTES : attributesOf(attributes);
  if (children === undefined || children.length === 0)
    return { name, attributes: own, text: xmlText(text ?? '').text.trim(), children: NO_CHILDREN };
  const below: XmlElement[] = [];
  for (let i = 0; i < children.length; i += 1) below.push(elementOf(children[i] as XmlNode));
  // The writer leaves out the text of an element that has children.
  return { name, attributes: own, text: '', children: below };
}

function attributesOf(given: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  for (const key in given) if (xmlText(given[key] ?? '').text !== given[key]) return legal(given);
  return given;
}

function legal(given: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(given).map(([key, value]) => [key, xmlText(value).text]));
}
