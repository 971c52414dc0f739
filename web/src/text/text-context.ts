import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { formatsOf, type Formats } from './formats.ts';
import { regionOf, translator, type Locale, type Translate } from './translate.ts';
import type { Catalogue } from './en.ts';

/** The language of the page: its sentences, and its formats for figures. */
export interface Text {
  readonly locale: Locale;
  readonly t: Translate;
  readonly formats: Formats;
}

export function textOf(locale: Locale, catalogue: Catalogue): Text {
  return {
    locale,
    t: translator(locale, catalogue),
    formats: formatsOf(regionOf(locale, navigator.languages)),
  };
}

/** Returns the text of the same language, with times in another zone. */
export function zoned(text: Text, timeZone: string): Text {
  return { ...text, formats: formatsOf(regionOf(text.locale, navigator.languages), timeZone) };
}

export const TextContext = createContext<Text | null>(null);

export function useText(): Text {
  const text = useContext(TextContext);
  if (text === null) throw new Error('there is no language around this component');
  return text;
}
