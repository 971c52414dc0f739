import type { Command } from './commands.ts';

/** The exit codes of a command that does not name its own. */
const EXIT_CODES = '0 done, 1 failed, 2 wrong usage, 130 interrupted';

/** The text of `docket <command> --help`. */
export function helpOf({ usage, summary, example, exitCodes }: Command): string {
  return `docket ${usage}\n\n${summary}\n\nExample:\n  ${example}\n\nExit codes: ${exitCodes ?? EXIT_CODES}.`;
}

/**
 * The first option that a command's usage does not name, or null. For example, a misspelt `--dry-run` must not remove
 * files.
 */
export function unknownOption({ usage }: Command, argv: readonly string[]): string | null {
  const known: readonly string[] = usage.match(/--[a-z-]+/g) ?? [];
  return argv.find((word) => /^--?[a-z]/.test(word) && !known.includes(word)) ?? null;
}
