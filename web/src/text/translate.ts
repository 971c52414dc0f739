import { en, type Catalogue, type MessageKey, type PluralForms } from './en.ts';

export const LOCALES = ['en', 'pt-PT'] as const;
export type Locale = (typeof LOCALES)[number];

type Braces<Text> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | Braces<Rest> : never;
type Form<Key extends MessageKey> = (typeof en)[Key] extends PluralForms
  ? (typeof en)[Key]['other']
  : (typeof en)[Key];
/** What has to be filled into a sentence; nothing else is accepted. */
export type Fill<Key extends MessageKey> = { readonly [Name in Braces<Form<Key>>]: string | number };
type FillArgument<Key extends MessageKey> = [Braces<Form<Key>>] extends [never] ? [] : [Fill<Key>];

export type Translate = <Key extends MessageKey>(key: Key, ...fill: FillArgument<Key>) => string;

/** Makes the function that says things in one language. */
export function translator(locale: Locale, catalogue: Catalogue): Translate {
  const plurals = new Intl.PluralRules(locale);
  const numbers = new Intl.NumberFormat(locale);
  return (key, ...[fill]) => {
    const values: Readonly<Record<string, string | number>> = fill ?? {};
    const message: string | PluralForms = catalogue[key];
    const text =
      typeof message === 'string'
        ? message
        : message[plurals.select(Number(values['count'])) === 'one' ? 'one' : 'other'];
    return text.replace(/\{(\w+)\}/g, (_, name: string) => {
      const value = values[name];
      return typeof value === 'number' ? numbers.format(value) : (value ?? '');
    });
  };
}

/** The first language of the list that we have; English when there is none. */
export function chooseLocale(wanted: readonly string[]): Locale {
  for (const tag of wanted) {
    if (/^pt\b/i.test(tag)) return 'pt-PT';
    if (/^en\b/i.test(tag)) return 'en';
  }
  return 'en';
}

/** English is in the first load; the other language is fetched only by those who read it. */
export async function loadCatalogue(locale: Locale): Promise<Catalogue> {
  return locale === 'en' ? en : (await import('./pt.ts')).pt;
}
