import { create } from 'xmlbuilder2';
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

type Builder = ReturnType<typeof create>;
type Namespaces = Readonly<Record<string, string>>;

/** Writes a document, UTF-8, one element a line. Characters XML cannot carry are left out, whatever they came from. */
export function writeXml(root: XmlNode): string {
  const document = create({ version: '1.0', encoding: 'UTF-8' });
  const namespaces = { '': root.attributes?.['xmlns'] ?? '', ...root.namespaces };
  append(document, root, namespaces, true);
  return `${document.end({ prettyPrint: true, indent: ' ' })}\n`;
}

function append(parent: Builder, node: XmlNode, namespaces: Namespaces, isRoot: boolean): void {
  const prefix = node.name.includes(':') ? (node.name.split(':')[0] ?? '') : '';
  const namespace = namespaces[prefix] ?? '';
  const element = namespace === '' ? parent.ele(node.name) : parent.ele(namespace, node.name);
  if (isRoot) {
    for (const [name, uri] of Object.entries(node.namespaces ?? {}))
      element.att('http://www.w3.org/2000/xmlns/', `xmlns:${name}`, uri);
  }
  for (const [name, value] of Object.entries(node.attributes ?? {})) {
    if (name !== 'xmlns') element.att(name, xmlText(value).text);
  }
  if (node.text !== undefined) element.txt(xmlText(node.text).text);
  for (const child of node.children ?? []) append(element, child, namespaces, false);
}
