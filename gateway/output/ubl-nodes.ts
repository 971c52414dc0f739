import type Big from 'big.js';
import type { XmlNode } from './xml-writer.ts';

/** An element, or undefined when the invoice has no value for it. */
export type Maybe = XmlNode | undefined;

/** Makes an element with text in the namespace of basic components. */
export function text(name: string, value: string | undefined, attributes?: Record<string, string>): Maybe {
  if (value === undefined || value.trim() === '') return undefined;
  const named = nameOf('cbc', name);
  return attributes ? { name: named, text: value, attributes } : { name: named, text: value };
}

/** Makes an element with children; undefined when it would be empty. */
export function group(name: string, ...children: readonly (Maybe | readonly Maybe[])[]): Maybe {
  const present: XmlNode[] = [];
  for (const child of children)
    if (child === undefined) continue;
    else if ('name' in child) present.push(child);
    else for (const one of child) if (one !== undefined) present.push(one);
  return present.length === 0 ? undefined : { name: nameOf('cac', name), children: present };
}

/** Makes an element with an amount of two decimals and its currency. */
export function money(name: string, value: Big, currency: string): Maybe {
  return text(name, value.toFixed(2), { currencyID: currency });
}

const NAMES = { cbc: new Map<string, string>(), cac: new Map<string, string>() } as const;

/**
 * Returns a name with its prefix, always as the same string. Writer and rules compare names some 30,000 times a
 * document, and JavaScript compares two references to the same string without reading the text.
 */
function nameOf(prefix: keyof typeof NAMES, name: string): string {
  const known = NAMES[prefix].get(name);
  if (known !== undefined) return known;
  const [made = ''] = Object.keys({ [`${prefix}:${name}`]: true });
  NAMES[prefix].set(name, made);
  return made;
}
