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

/** Stands for the knowledge that there is no value. */
const NONE = '';

/**
 * Holds values that change now and then and are written once at the end. One that did not change for a while rests as
 * one flat text: a million of those are nothing to the collector of garbage, which walks through each of a million
 * objects with all its fields again and again.
 *
 * @param awakeMax values of a generation; those that did not change in the last one or two are texts
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
