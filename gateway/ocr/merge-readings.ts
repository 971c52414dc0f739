import type { OcrLanguage } from './languages.ts';
import type { SeenWord } from './recognise.ts';

/** A word that several models read. */
export interface AgreedWord extends SeenWord {
  /**
   * The certainty of the text, from 0 to 1. When two models agree, their confidences give the certainty. Otherwise
   * the certainty is at most `DOUBTFUL`.
   */
  readonly certainty: number;
  /** Other readings of the word. */
  readonly others: readonly string[];
}

/** The highest certainty of a word that the models read differently. */
export const DOUBTFUL = 0.5;

/** The words of one page, as one model reads them. */
export interface Reading {
  readonly language: OcrLanguage;
  readonly words: readonly SeenWord[];
}

/**
 * Merges the readings of several models. Models make different mistakes, so a text that two models read alike is
 * nearly always right. The models of English and French decide numbers. The model of the page's own language decides
 * letters.
 * @param own the language of the page
 */
export function mergeReadings(readings: readonly Reading[], own: OcrLanguage): AgreedWord[] {
  const words = placesOf(readings).flatMap((place) => agreedAt(place, own));
  return words.filter((word) => word.text !== '');
}

/** The words of all models at one place, by language, from the left. */
type Place = ReadonlyMap<OcrLanguage, readonly SeenWord[]>;

/** Two words overlap when they share at least this part of the narrower word. */
const OVERLAP_SHARE_MIN = 0.3;

function placesOf(readings: readonly Reading[]): Place[] {
  const all = readings
    .flatMap(({ language, words }) => words.map((word) => ({ language, word })))
    .filter(({ word }) => word.text !== '')
    .toSorted((a, b) => a.word.left - b.word.left);
  const groups: { language: OcrLanguage; word: SeenWord }[][] = [];
  for (const one of all) {
    const homes = groups.filter((group) => group.some(({ word }) => isSamePlace(word, one.word)));
    const joined = [...homes.flat(), one];
    for (const home of homes) groups.splice(groups.indexOf(home), 1);
    groups.push(joined);
  }
  return groups.map((group) => {
    const place = new Map<OcrLanguage, SeenWord[]>();
    for (const { language, word } of group.toSorted((a, b) => a.word.left - b.word.left))
      place.set(language, [...(place.get(language) ?? []), word]);
    return place;
  });
}

function isSamePlace(a: SeenWord, b: SeenWord): boolean {
  const shared = (from: number, to: number, other: readonly [number, number]): number =>
    Math.min(to, other[1]) - Math.max(from, other[0]);
  const across = shared(a.left, a.right, [b.left, b.right]);
  const down = shared(a.top, a.bottom, [b.top, b.bottom]);
  return (
    across > OVERLAP_SHARE_MIN * Math.min(a.right - a.left, b.right - b.left) &&
    down > 0.5 * Math.min(a.bottom - a.top, b.bottom - b.top)
  );
}

interface Said {
  readonly language: OcrLanguage;
  readonly words: readonly SeenWord[];
  readonly text: string;
  readonly confidence: number;
}

function agreedAt(place: Place, own: OcrLanguage): AgreedWord[] {
  const said = [...place].map(([language, words]): Said => {
    const text = words.map((word) => word.text).join(' ');
    return { language, words, text, confidence: Math.min(...words.map((word) => word.confidence)) };
  });
  const choice = said.some(({ text }) => /\d/.test(text)) ? numberOf(said) : lettersOf(said, own);
  const texts = said.map(({ text }) => text).filter((text) => text !== choice.said.text);
  return choice.said.words.map((word) => ({
    ...word,
    certainty: choice.certainty,
    // Other readings belong to the whole place. So at a place with several words, a single word has no other
    // readings.
    others: choice.said.words.length === 1 ? [...new Set(texts)] : [],
  }));
}

interface Choice {
  readonly said: Said;
  readonly certainty: number;
}

/** Models read `º` as a degree sign. */
const numberKey = (text: string): string => text.replaceAll('°', 'º').replaceAll(' ', '');

function numberOf(said: readonly Said[]): Choice {
  const [english, french] = (['eng', 'fra'] as const).map((language) => byLanguage(said, language));
  if (english && french && numberKey(english.text) === numberKey(french.text)) {
    const third = said.find(
      ({ text, language }) =>
        !['eng', 'fra'].includes(language) && numberKey(text) === numberKey(english.text),
    );
    const certainty = third ? Math.max(english.confidence, french.confidence) : mean(english, french);
    return { said: third ?? french, certainty };
  }
  const agreeing = said.find((a) => said.some((b) => a !== b && numberKey(a.text) === numberKey(b.text)));
  const best = agreeing ?? mostConfident(said);
  return { said: best, certainty: Math.min(best.confidence, DOUBTFUL) };
}

function mean(a: Said, b: Said): number {
  return (a.confidence + b.confidence) / 2;
}

/**
 * Chooses the reading of the page's language. Another model still counts as agreeing when it replaces a letter that
 * English lacks by one or two other letters.
 */
function lettersOf(said: readonly Said[], own: OcrLanguage): Choice {
  const main = byLanguage(said, own);
  if (!main) {
    const best = mostConfident(said);
    return { said: best, certainty: Math.min(best.confidence, DOUBTFUL) };
  }
  const others = said.filter((other) => other !== main);
  const agreeing = others.filter(({ text }) => plain(text) === plain(main.text));
  if (agreeing.length > 0)
    return { said: main, certainty: Math.max(main.confidence, ...agreeing.map((o) => o.confidence)) };
  const foreign = main.text.length - main.text.replace(/[^\u0020-\u007e]/g, '').length;
  const isNear =
    foreign > 0 && others.some(({ text }) => differing(plain(text), plain(main.text)) <= 2 * foreign);
  return { said: main, certainty: isNear ? main.confidence : Math.min(main.confidence, DOUBTFUL) };
}

function byLanguage(said: readonly Said[], language: OcrLanguage): Said | undefined {
  return said.find((one) => one.language === language);
}

function mostConfident(said: readonly Said[]): Said {
  return said.reduce((best, one) => (one.confidence > best.confidence ? one : best));
}

function plain(text: string): string {
  return text
    .normalize('NFD')
    .replace(/[\u0300-\u036f ]/g, '')
    .replace(/[‘’`´]/g, "'")
    .replace(/[–—]/g, '-');
}

/** Returns the number of letters in which two texts differ (Levenshtein distance). */
function differing(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(same, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
