/**
 * Remembers the results of a function of one text, because pages repeat words. The function must always return the same
 * result for the same text.
 * @param keptMax the number of results that are kept. When there are more, all of them are forgotten.
 */
export function remembered<T>(work: (text: string) => T, keptMax: number): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    const earlier = known.get(text);
    if (earlier !== undefined || known.has(text)) return earlier as T;
    const made = work(text);
    if (text.length > KEPT_LENGTH_MAX) return made;
    if (known.size >= keptMax) known.clear();
    known.set(text, made);
    return made;
  };
}

/** Longer texts are not kept, because they seldom repeat and would hold much memory. */
const KEPT_LENGTH_MAX = 40;
