import { RE2JS } from 're2js';

/** A regular expression in RE2's language: matching takes time linear in the text, whatever the pattern. */
export interface LinearPattern {
  readonly source: string;
  test(text: string): boolean;
  /** The first match: what group 1 caught, or all of it without groups; undefined for none. */
  first(text: string): { readonly value: string; readonly start: number; readonly end: number } | undefined;
}

const compiled = new Map<string, LinearPattern>();

/** Compiles (once) a pattern, ignoring case. @throws Error when it is not in RE2's language. */
export function linearPattern(source: string): LinearPattern {
  const known = compiled.get(source);
  if (known) return known;
  const re = RE2JS.compile(source, RE2JS.CASE_INSENSITIVE);
  const made: LinearPattern = {
    source,
    test: (text) => re.matcher(text).find(),
    first: (text) => {
      const matcher = re.matcher(text);
      if (!matcher.find()) return undefined;
      const group = matcher.groupCount() > 0 && matcher.group(1) !== null ? 1 : 0;
      return { value: matcher.group(group) ?? '', start: matcher.start(group), end: matcher.end(group) };
    },
  };
  compiled.set(source, made);
  return made;
}
