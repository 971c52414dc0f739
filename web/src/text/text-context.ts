import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { regionOf, translator, type Locale, type Translate, lazy } from './translate.ts';
import type { Catalogue } from './en.ts';

const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;
const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
];
const JUST_NOW_SEC = 5;
/** Beyond this time a date is clearer than a number of days. */
const RELATIVE_MAX_SEC = 7 * 86_400;

/** Formats for a language, made by Intl. Times are in `timeZone`, by default the browser's. */
export function formatsOf(locale: string, timeZone?: string) {
  const times = (style: Intl.DateTimeFormatOptions) =>
    lazy(() => new Intl.DateTimeFormat(locale, { ...style, timeZone }));
  const relative = lazy(() => new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }));
  const exact = times({ dateStyle: 'medium', timeStyle: 'long' });
  const day = times({ dateStyle: 'medium' });
  const clock = times({ timeStyle: 'short' });
  const dayShort = times({ day: 'numeric', month: 'short' });
  const clockSeconds = times({ timeStyle: 'medium' });
  const number = lazy(() => new Intl.NumberFormat(locale));
  const units = new Map<string, Intl.NumberFormat>();
  const unit = (value: number, name: string, digits: number) => {
    const key = `${name} ${digits}`;
    const format = units.get(key) ?? unitFormat(locale, name, digits);
    units.set(key, format);
    return format.format(value);
  };

  return {
    /** `1.2 MB`, in steps of 1,024, like the upload limit. */
    bytes(count: number) {
      const step = count < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(count) / 10));
      const value = count / 1024 ** step;
      return unit(value, UNITS[step] ?? 'byte', step > 1 && value < 100 ? 1 : 0);
    },
    /** `3 minutes ago`, or the date after more than a week. */
    relative(at: string, nowMs: number) {
      const seconds = (Date.parse(at) - nowMs) / 1000;
      if (Math.abs(seconds) > RELATIVE_MAX_SEC) return day().format(Date.parse(at));
      if (Math.abs(seconds) < JUST_NOW_SEC) return relative().format(0, 'second');
      const [name, size] = STEPS.find(([, each]) => Math.abs(seconds) >= each) ?? ['second', 1];
      return relative().format(Math.trunc(seconds / size), name);
    },
    /** Date and time to the second, with the zone. */
    exact: (at: string) => exact().format(Date.parse(at)),
    /** Time of day to the second. */
    clockSeconds: (at: string) => clockSeconds().format(Date.parse(at)),
    clock: (atMs: number) => clock().format(atMs),
    /** Day and short month: `5 May`. */
    dayShort: (at: string) => dayShort().format(Date.parse(at)),
    /** One number with its unit: `850 ms`, `12 s`, `3 min`, `2 h`. */
    duration(ms: number) {
      if (ms < 1_000) return unit(Math.max(0, Math.round(ms)), 'millisecond', 0);
      if (ms < 60_000) return unit(ms / 1_000, 'second', ms < 10_000 ? 1 : 0);
      if (ms < 3_600_000) return unit(ms / 60_000, 'minute', 0);
      return unit(ms / 3_600_000, 'hour', 1);
    },
    number: (count: number) => number().format(count),
  };
}
type Formats = ReturnType<typeof formatsOf>;

function unitFormat(locale: string, unit: string, maximumFractionDigits: number): Intl.NumberFormat {
  const unitDisplay = unit === 'byte' ? 'long' : 'short';
  return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay, maximumFractionDigits });
}

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
