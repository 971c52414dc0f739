import { createContext } from 'preact';
import { useContext, useEffect, useState } from 'preact/hooks';
import { opsEn } from '../text/ops-en.ts';
import { translatorOf, type Locale, type TranslateOf } from '../text/translate.ts';

type OpsTranslate = TranslateOf<typeof opsEn>;

const OpsTextContext = createContext<OpsTranslate | null>(null);
export const OpsTextProvider = OpsTextContext.Provider;

/** The sentences of the console in a language; null while they are being loaded. */
export function useOpsCatalogue(locale: Locale): OpsTranslate | null {
  const [say, setSay] = useState<OpsTranslate | null>(() =>
    locale === 'en' ? translatorOf<typeof opsEn>('en', opsEn) : null,
  );
  useEffect(() => {
    if (locale === 'en') return;
    void import('../text/ops-pt.ts').then(({ opsPt }) =>
      setSay(() => translatorOf<typeof opsEn>(locale, opsPt)),
    );
  }, [locale]);
  return say;
}

/** Gives the text of a sentence of the console. */
export function useOpsText(): OpsTranslate {
  const say = useContext(OpsTextContext);
  if (say === null) throw new Error('there is no console around this component');
  return say;
}
