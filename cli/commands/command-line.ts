import type { Command } from './commands.ts';

/** What every command means by its exit code, unless it says more. */
const EXIT_CODES = '0 done, 1 failed, 2 wrong usage, 130 interrupted';

/** What `docket <command> --help` shows. */
export function helpOf({ usage, summary, example, exitCodes }: Command): string {
  return `docket ${usage}\n\n${summary}\n\nExample:\n  ${example}\n\nExit codes: ${exitCodes ?? EXIT_CODES}.`;
}

/** The first option that a command's usage does not name, or null: a misspelt `--dry-run` must not remove files. */
export function unknownOption({ usage }: Command, argv: readonly string[]): string | null {
  const known: readonly string[] = usage.match(/--[a-z-]+/g) ?? [];
  return argv.find((word) => /^--?[a-z]/.test(word) && !known.includes(word)) ?? null;
}
