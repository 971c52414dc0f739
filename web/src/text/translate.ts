import { en, type Catalogue, type Messages } from './en.ts';

/** Makes a value at its first use, because an Intl object takes milliseconds to make, and no page uses all of them. */
export function lazy<Made>(make: () => Made): () => Made {
  let made: Made | undefined;
  return () => (made ??= make());
}

export const LOCALES = ['en', 'pt-PT'] as const;
export type Locale = (typeof LOCALES)[number];

type Braces<Text> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | Braces<Rest> : never;
type Form<Message> = Message extends { readonly other: infer Other } ? Other : Message;
/** The values that a sentence needs. The compiler refuses other values. */
type FillArgument<Message> = [Braces<Form<Message>>] extends [never]
  ? []
  : [{ readonly [Name in Braces<Form<Message>>]: string | number }];

/** Returns the sentences of one catalogue. `English` is the original. */
export type TranslateOf<English extends Messages> = <Key extends keyof English & string>(
  key: Key,
  ...fill: FillArgument<English[Key]>
) => string;
export type Translate = TranslateOf<typeof en>;
export type MessageKeyOf<English extends Messages> = keyof English & string;

/** Makes the function that returns the page's sentences in one language. */
export function translator(locale: Locale, catalogue: Catalogue): Translate {
  return translatorOf<typeof en>(locale, catalogue);
}

/** Makes the function that returns sentences, for a part of the page that is loaded separately. */
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

/** The first available language of the list; English when there is none. */
export function chooseLocale(wanted: readonly string[]): Locale {
  for (const tag of wanted) {
    if (/^pt\b/i.test(tag)) return 'pt-PT';
    if (/^en\b/i.test(tag)) return 'en';
  }
  return 'en';
}

/** The first load contains English. Another language is loaded only for its readers. */
export async function loadCatalogue(locale: Locale): Promise<Catalogue> {
  return locale === 'en' ? en : (await import('./pt.ts')).pt;
}

/** The reader's regional format of dates and times, if it belongs to the language. */
export function regionOf(locale: Locale, wanted: readonly string[]): string {
  const language = locale.slice(0, 2);
  return wanted.find((tag) => tag.toLowerCase().startsWith(`${language}-`) && isLanguageTag(tag)) ?? locale;
}

/** Browsers without desktop settings report languages such as `en-US@posix`, which Intl refuses. */
function isLanguageTag(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    // Intl threw a RangeError, because the text is not a language tag.
    return false;
  }
}
