import { XMLBuilder } from 'fast-xml-parser';
import { xmlText } from '../pdf/xml-text.ts';

/** An element to write: either text or children. */
export interface XmlNode {
  readonly name: string;
  readonly attributes?: Readonly<Record<string, string>>;
  /** On the root only: prefixes of the names in the document. */
  readonly namespaces?: Readonly<Record<string, string>>;
  readonly text?: string;
  readonly children?: readonly XmlNode[];
}

const builder = new XMLBuilder({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  suppressEmptyNode: true,
  suppressBooleanAttributes: false,
  processEntities: true,
  format: true,
  indentBy: ' ',
});

/** Writes a document, UTF-8, one element a line. Characters XML cannot carry are left out, whatever they came from. */
export function writeXml(root: XmlNode): string {
  const prefixes = Object.fromEntries(
    Object.entries(root.namespaces ?? {}).map(([prefix, uri]) => [`xmlns:${prefix}`, uri]),
  );
  const tree = [ordered({ ...root, attributes: { ...root.attributes, ...prefixes } })];
  return `<?xml version="1.0" encoding="UTF-8"?>\n${String(builder.build(tree)).trim()}\n`;
}

type Ordered = Record<string, unknown>;

/** The serializer's own form: an array of children under the name, attributes under `:@`. */
function ordered(node: XmlNode): Ordered {
  const children: Ordered[] = (node.children ?? []).map(ordered);
  if (node.text !== undefined) children.push({ '#text': xmlText(node.text).text });
  const attributes = Object.entries(node.attributes ?? {}).map(
    ([name, value]) => [name, xmlText(value).text] as const,
  );
  return attributes.length === 0
    ? { [node.name]: children }
    : { [node.name]: children, ':@': Object.fromEntries(attributes) };
}
