import type { XmlNode } from '../output/xml-writer.ts';
import type { Identifier, Text } from './semantic-invoice.ts';

/** An element, or nothing where there is nothing to say. */
export type Maybe = XmlNode | undefined;

/** An element of text in the namespace of business information. */
export function leaf(name: string, value: Text, attributes?: Readonly<Record<string, Text>>): Maybe {
  if (value === undefined || value.trim() === '') return undefined;
  const given = Object.entries(attributes ?? {}).flatMap(([key, each]) =>
    each === undefined ? [] : [[key, each]],
  );
  return {
    name: `ram:${name}`,
    text: value,
    attributes: Object.fromEntries(given) as Record<string, string>,
  };
}

/** An element of elements; nothing when it would be empty. */
export function node(name: string, ...children: readonly (Maybe | readonly Maybe[])[]): Maybe {
  const present = children.flat().filter((child) => child !== undefined);
  return present.length === 0 ? undefined : { name: `ram:${name}`, children: present };
}

/** A date as CII writes it: CCYYMMDD, format 102. */
export function dateNode(
  name: string,
  date: Text,
  type: 'udt:DateTimeString' | 'udt:DateString' | 'qdt:DateTimeString' = 'udt:DateTimeString',
): Maybe {
  if (date === undefined) return undefined;
  const text = date.replaceAll('-', '');
  return { name: `ram:${name}`, children: [{ name: type, text, attributes: { format: '102' } }] };
}

/** The element that tells a charge from an allowance. */
export function chargeIndicator({ isCharge }: { readonly isCharge: boolean }): XmlNode {
  return { name: 'ram:ChargeIndicator', children: [{ name: 'udt:Indicator', text: String(isCharge) }] };
}

/** `GlobalID` for an identifier under a scheme, `ID` for one that the parties agreed on; the latter stand first. */
export function idNodes(ids: readonly Identifier[]): Maybe[] {
  const own = ids.filter(({ scheme }) => scheme === undefined);
  const global = ids.filter(({ scheme }) => scheme !== undefined);
  return [
    ...own.map(({ value }) => leaf('ID', value)),
    ...global.map(({ value, scheme }) => leaf('GlobalID', value, { schemeID: scheme })),
  ];
}
