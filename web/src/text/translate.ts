import { lazy } from '../lazy.ts';
import { en, type Catalogue, type Messages } from './en.ts';

export const LOCALES = ['en', 'pt-PT'] as const;
export type Locale = (typeof LOCALES)[number];

type Braces<Text> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | Braces<Rest> : never;
type Form<Message> = Message extends { readonly other: infer Other } ? Other : Message;
/** What has to be filled into a sentence; nothing else is accepted. */
type FillArgument<Message> = [Braces<Form<Message>>] extends [never]
  ? []
  : [{ readonly [Name in Braces<Form<Message>>]: string | number }];

/** Says the sentences of one catalogue, of which `English` is the original. */
export type TranslateOf<English extends Messages> = <Key extends keyof English & string>(
  key: Key,
  ...fill: FillArgument<English[Key]>
) => string;
export type Translate = TranslateOf<typeof en>;
export type MessageKeyOf<English extends Messages> = keyof English & string;

/** Makes the function that says the page's sentences in one language. */
export function translator(locale: Locale, catalogue: Catalogue): Translate {
  return translatorOf<typeof en>(locale, catalogue);
}

/** The same for the sentences of a part of the page that is loaded by itself. */
export function translatorOf<English extends Messages>(
  locale: Locale,
  catalogue: Catalogue<English>,
): TranslateOf<English> {
  const plurals = lazy(() => new Intl.PluralRules(locale));
  const numbers = lazy(() => new Intl.NumberFormat(locale));
  return (key, ...[fill]) => {
    const values: Readonly<Record<string, string | number>> = fill ?? {};
    const message = (catalogue as Messages)[key] ?? key;
    const text =
      typeof message === 'string'
        ? message
        : message[plurals().select(Number(values['count'])) === 'one' ? 'one' : 'other'];
    if (fill === undefined) return text;
    return text.replace(/\{(\w+)\}/g, (_, name: string) => {
      const value = values[name];
      return typeof value === 'number' ? numbers().format(value) : (value ?? '');
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

/** The way of the reader's own country to write dates and times, where it is a way of that language. */
export function regionOf(locale: Locale, wanted: readonly string[]): string {
  const language = locale.slice(0, 2);
  return wanted.find((tag) => tag.toLowerCase().startsWith(`${language}-`) && isLanguageTag(tag)) ?? locale;
}

/** Browsers without a desktop's settings name languages such as `en-US@posix`, which Intl refuses. */
function isLanguageTag(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    // RangeError: not a language tag
    return false;
  }
}
