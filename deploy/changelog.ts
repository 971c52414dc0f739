const NUMBERS = /^(\d+)\.(\d+)\.(\d+)$/;

/**
 * Returns the reason why a version cannot follow another version; null when it can. A version has three numbers, and
 * released versions only rise (Semantic Versioning 2.0.0, item 2).
 */
export function versionAfter(last: string, next: string): string | null {
  const numbers = NUMBERS.exec(next)?.slice(1).map(Number);
  if (numbers === undefined) return `${next} is no version: write three numbers, such as 0.3.0.`;
  const before = NUMBERS.exec(last)?.slice(1).map(Number) ?? [0, 0, 0];
  const at = numbers.findIndex((number, place) => number !== before[place]);
  const isLater = at >= 0 && (numbers[at] ?? 0) > (before[at] ?? 0);
  return isLater ? null : `${next} does not come after ${last}.`;
}

/**
 * Gives the unreleased section of the changelog a version and a date (Keep a Changelog 1.1.0).
 * @param day as `2026-11-30`
 * @returns null when the section is empty
 */
export function changelogOfRelease(changelog: string, version: string, day: string): string | null {
  const [head = '', ...rest] = changelog.split('## [Unreleased]\n');
  const below = rest.join('## [Unreleased]\n');
  const end = below.search(/^## \[/m);
  const unreleased = (end < 0 ? below : below.slice(0, end)).trim();
  if (!/^- /m.test(unreleased)) return null;
  const older = end < 0 ? '' : `\n\n${below.slice(end).trim()}`;
  return `${head}## [Unreleased]\n\n## [${version}] - ${day}\n\n${unreleased}${older}\n`;
}
