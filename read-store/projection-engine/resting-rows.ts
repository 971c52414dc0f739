import type { RowCache } from './row-cache.ts';

/** How a value is kept as a text, which is never empty, and read back. */
export interface Resting<Value> {
  textOf(value: Value): string;
  valueOf(text: string): Value;
}

/** Values by key, any number of them; has also those of which it is known that there is none. */
export interface RestingRows<Value> extends RowCache<Value> {
  /** How many are held, at most: one that changed a moment ago may count twice. */
  size(): number;
  /** The texts of all values there are. */
  texts(): Iterable<string>;
}

/** A row rests when it did not change while so many generations of rows were filled. */
export const GENERATIONS = 2;
/** Stands for the knowledge that there is no value. */
const NONE = '';

/**
 * Holds values that change now and then and are written once at the end. When they become many, those that did not
 * change for a while rest as one flat text each, a fifth of what the objects of a job take. To make a text of a row and
 * a row of it again costs more than the collector of garbage does, so it is done only for the sake of memory.
 *
 * @param awakeMax values of a generation
 */
export function restingRows<Value>(form: Resting<Value>, awakeMax: number): RestingRows<Value> {
  let awake = new Map<string, Value | undefined>();
  let drowsy = new Map<string, Value | undefined>();
  const asleep = new Map<string, string>();
  /** What slept before may be older, and is replaced. */
  const rest = (): void => {
    for (const [key, value] of drowsy) asleep.set(key, value === undefined ? NONE : form.textOf(value));
    drowsy = awake;
    awake = new Map();
  };
  return {
    has: (key) => awake.has(key) || drowsy.has(key) || asleep.has(key),
    get: (key) => {
      const value = awake.get(key) ?? drowsy.get(key);
      if (value !== undefined || awake.has(key) || drowsy.has(key)) return value;
      const text = asleep.get(key) ?? NONE;
      return text === NONE ? undefined : form.valueOf(text);
    },
    set: (key, value) => {
      awake.set(key, value);
      drowsy.delete(key);
      if (awake.size >= awakeMax) rest();
    },
    size: () => awake.size + drowsy.size + asleep.size,
    texts: function* () {
      rest();
      rest();
      for (const text of asleep.values()) if (text !== NONE) yield text;
    },
  };
}
