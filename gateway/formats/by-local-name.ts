import type { XmlElement } from '../rules/xml-tree.ts';
import type { Identifier, SupportingDocument, Text } from './semantic-invoice.ts';

/** Returns the name without its namespace. ZUGFeRD 1 and Factur-X share names, but not namespaces. */
export function localName(element: XmlElement): string {
  return element.name.replace(/^\{[^}]*\}|^[^:{]*:/, '');
}

/** Finds every element at the end of a path such as `SellerTradeParty/Name`. `A|B` matches either name. */
export function every(from: XmlElement | undefined, path: string): readonly XmlElement[] {
  let at: readonly XmlElement[] = from === undefined ? [] : [from];
  for (const step of path.split('/')) {
    const names = step.split('|');
    at = at.flatMap((parent) => parent.children.filter((child) => names.includes(localName(child))));
  }
  return at;
}

/** The first element at the end of a path. */
export function first(from: XmlElement | undefined, path: string): XmlElement | undefined {
  return every(from, path)[0];
}

/** The text of the first element at the end of a path that has one. */
export function textOf(from: XmlElement | undefined, path: string): Text {
  return every(from, path).find(({ text }) => text !== '')?.text;
}

/** The texts of all elements at the end of a path that have one. */
export function textsOf(from: XmlElement | undefined, path: string): string[] {
  return every(from, path).flatMap(({ text }) => (text === '' ? [] : [text]));
}

/** The text of the first element at the end of a path, with its scheme. */
export function identifierAt(from: XmlElement | undefined, path: string): Identifier | undefined {
  return every(from, path).flatMap(identifierOf)[0];
}

/** Reads an element whose text is an identifier; returns an empty list for an empty element. */
export function identifierOf({ text, attributes }: XmlElement): Identifier[] {
  return text === '' ? [] : [{ value: text, scheme: attributes['schemeID'] }];
}

/** Reads the file of a supporting document (BT-125). */
export function fileOf(file: XmlElement | undefined): SupportingDocument['content'] {
  return (
    file && {
      base64: file.text,
      mediaType: file.attributes['mimeCode'],
      filename: file.attributes['filename'],
    }
  );
}

/** Returns the object, or undefined when all its values are undefined. */
export function unlessEmpty<T extends object>(value: T): T | undefined {
  return Object.values(value).some((part) => part !== undefined) ? value : undefined;
}

/**
 * Drops a scheme that ISO 6523 does not list. The identifier then counts as one that the parties agreed on (BR-CL-10).
 */
export function withListedScheme({ value, scheme }: Identifier): Identifier {
  return { value, scheme: /^\d{4}$/.test(scheme ?? '') ? scheme : undefined };
}
