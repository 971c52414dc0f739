import type { XmlNode } from '../output/xml-writer.ts';
import type { Identifier, Text } from './semantic-invoice.ts';

/** An element, or undefined when the invoice has no value for it. */
export type Maybe = XmlNode | undefined;

/** Makes an element with text in the namespace of business information. */
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

/** Makes an element with children; undefined when it would be empty. */
export function node(name: string, ...children: readonly (Maybe | readonly Maybe[])[]): Maybe {
  const present = children.flat().filter((child) => child !== undefined);
  return present.length === 0 ? undefined : { name: `ram:${name}`, children: present };
}

/** Makes an element with a date as CII writes it: CCYYMMDD, format 102. */
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

/** Makes `ID` for identifiers that the parties agreed on, then `GlobalID` for identifiers under a scheme. */
export function idNodes(ids: readonly Identifier[]): Maybe[] {
  const own = ids.filter(({ scheme }) => scheme === undefined);
  const global = ids.filter(({ scheme }) => scheme !== undefined);
  return [
    ...own.map(({ value }) => leaf('ID', value)),
    ...global.map(({ value, scheme }) => leaf('GlobalID', value, { schemeID: scheme })),
  ];
}
