import { createStore, type Store } from './store.ts';
import { LOCALES, type Locale } from './text/translate.ts';

/** The user's choices in this browser. */
export interface Preferences {
  readonly locale: Locale | 'auto';
  readonly theme: 'auto' | 'light' | 'dark';
  readonly notify: boolean;
  /** Single-key shortcuts can be switched off (WCAG 2.2, 2.1.4). */
  readonly shortcuts: boolean;
  readonly mapping: string | null;
  /** True when the page beside the XML is open on the job page. */
  readonly reading: boolean;
}

const PLACE = 'docket.preferences';
const USUAL: Preferences = {
  locale: 'auto',
  theme: 'auto',
  notify: false,
  shortcuts: true,
  mapping: null,
  reading: false,
};

/** Reads the stored preferences, and replaces invalid preferences by the defaults. */
export function readPreferences(stored: string | null): Preferences {
  let found: Partial<Record<keyof Preferences, unknown>>;
  try {
    found = (JSON.parse(stored ?? '{}') ?? {}) as typeof found;
  } catch {
    // Another program wrote the text, so the defaults apply.
    found = {};
  }
  return {
    locale: LOCALES.find((each) => each === found.locale) ?? USUAL.locale,
    theme: (['light', 'dark'] as const).find((each) => each === found.theme) ?? USUAL.theme,
    notify: found.notify === true,
    shortcuts: found.shortcuts !== false,
    mapping: typeof found.mapping === 'string' ? found.mapping : null,
    reading: found.reading === true,
  };
}

/** Makes a store of preferences, which this browser keeps when storage is allowed. */
export function keptPreferences(): Store<Preferences> {
  const store = createStore(readPreferences(stored()));
  store.watch((now) => {
    try {
      localStorage.setItem(PLACE, JSON.stringify(now));
    } catch {
      // Storage may be forbidden or full. Then the choice lasts until the page is closed.
    }
  });
  return store;
}

function stored(): string | null {
  try {
    return localStorage.getItem(PLACE);
  } catch {
    return null;
  }
}
