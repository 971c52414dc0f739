import { isDecimal } from './decimal.ts';
import type { Breach, Rule } from './rule.ts';
import { NONE_BROKEN, fatalIn } from './rule.ts';
import { CONTENTS } from './ubl-sequences.ts';
import type { XmlElement } from './xml-tree.ts';

const schema = fatalIn('OASIS UBL 2.1, schema');

const breach = (what: string, found: string | undefined, expected: string): Breach => ({
  what,
  found,
  expected,
});

/**
 * Finds the first child of an element that is out of order, too many, missing or not of UBL. In the right order, all
 * elements of one name stand together. So the function counts only neighbouring elements of one name.
 */
function contentFaults(parent: XmlElement): readonly Breach[] {
  const content = CONTENTS.get(parent.name);
  if (content === undefined) return NONE_BROKEN;
  let last = '';
  let place = -1;
  let count = 0;
  let required = 0;
  for (let i = 0; i < parent.children.length; i += 1) {
    const { name } = parent.children[i] as XmlElement;
    const particle = content.particles.get(name);
    if (particle === undefined)
      return [breach(`an element of ${parent.name}`, name, 'UBL has no such element there')];
    if (particle.place < place)
      return [breach(`the element after ${last} in ${parent.name}`, name, 'UBL has it before that one')];
    count = last === name ? count + 1 : 1;
    if (count === 1) required += particle.least;
    if (count > particle.most)
      return [breach(`the number of ${name} in ${parent.name}`, String(count), 'UBL has at most one')];
    last = name;
    place = particle.place;
  }
  if (required === content.required) return NONE_BROKEN;
  const there = new Set(parent.children.map(({ name }) => name));
  const [lacking] = [...content.particles].find(([name, { least }]) => least === 1 && !there.has(name)) ?? [];
  return [breach(`the element ${lacking} in ${parent.name}`, undefined, '')];
}

const DATE = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?:Z|[+-]\d\d:\d\d)?$/;

/** True for a day of the calendar. False for `2023-02-29`, which has the form of a date but is no day. */
function isDate(text: string): boolean {
  if (!DATE.test(text)) return false;
  const [year, month, day] = text.slice(0, 10).split('-').map(Number);
  const date = new Date(Date.UTC(year ?? 0, (month ?? 0) - 1, day));
  return date.getUTCMonth() + 1 === month && date.getUTCDate() === day;
}

const isBoolean = (text: string): boolean => ['true', 'false', '0', '1'].includes(text);

/**
 * The last word of a UBL name tells the type of the element's content (UBL naming and design rules, representation
 * terms).
 */
const TYPES: readonly {
  readonly ends: RegExp;
  readonly isOf: (text: string) => boolean;
  readonly words: string;
}[] = [
  { ends: /(?:Amount|Quantity|Numeric|Percent|Rate)$/, isOf: isDecimal, words: 'a decimal' },
  { ends: /Date$/, isOf: isDate, words: 'a date' },
  { ends: /Indicator$/, isOf: isBoolean, words: 'true or false' },
];

/** The type of every other element. */
const ANY_TEXT: (typeof TYPES)[number] = { ends: /$/, isOf: () => true, words: 'any text' };

const typeOf = new Map<string, (typeof TYPES)[number]>();

function valueFaults({ name, text, attributes }: XmlElement): readonly Breach[] {
  let type = typeOf.get(name);
  if (type === undefined) {
    type = TYPES.find(({ ends }) => ends.test(name)) ?? ANY_TEXT;
    typeOf.set(name, type);
  }
  if (type === ANY_TEXT) return NONE_BROKEN;
  if (!type.isOf(text)) return [breach(`the text of ${name}`, `“${text}”`, `that is not ${type.words}`)];
  if (name.endsWith('Amount') && attributes['currencyID'] === undefined)
    return [breach(`the currency of ${name}`, undefined, '')];
  return NONE_BROKEN;
}

/**
 * UBL-SCHEMA (fatal; OASIS UBL 2.1): the rules of the schema for elements that EN 16931's binding uses. The rules are
 * about names, order and number of elements, decimals, dates, booleans, and currencies of amounts. The contents of
 * other elements are not checked.
 */
export const STRUCTURE_RULES: readonly Rule[] = [
  schema(
    'UBL-SCHEMA',
    'The document has the elements of UBL 2.1, in its order and of its types.',
    ({ root }) => faultsIn(root),
  ),
];

function faultsIn(root: XmlElement): Breach[] {
  const faults: Breach[] = [];
  const look = (element: XmlElement): void => {
    if (element.name === 'ext:UBLExtensions') return;
    const own = element.name.startsWith('cbc:') ? valueFaults(element) : contentFaults(element);
    if (own.length > 0) faults.push(...own);
    for (let i = 0; i < element.children.length; i += 1) look(element.children[i] as XmlElement);
  };
  look(root);
  return faults;
}
