import { CodedError } from '../schemas/errors/coded-error.ts';

/** The embedded Postgres cannot be started or prepared. The message is one sentence for the user at the terminal. */
export class EmbeddedPostgresFailed extends CodedError {
  readonly code = 'EMBEDDED_POSTGRES_FAILED';
}

/** Patterns in the messages of a Postgres that ended, each with a sentence for the user. The first match counts. */
const KNOWN_CAUSES: readonly (readonly [RegExp, (directory: string) => string])[] = [
  [
    /could not look up effective user ID (\d+)/,
    () =>
      'Postgres cannot start: the user it would run as has no name on this machine (no line in /etc/passwd).',
  ],
  [/No space left on device/, (at) => `Postgres cannot start: the disk that holds ${at} is full.`],
  [/Permission denied|has wrong ownership/, (at) => `Postgres cannot start: it has no rights in ${at}.`],
  [
    /database files are incompatible|initialized by PostgreSQL version/,
    (at) => `Postgres cannot start: ${at} was made by another version of Postgres.`,
  ],
  [
    /could not locate a valid checkpoint|invalid primary checkpoint|is not a valid data directory|PANIC|invalid data in file|could not open file|could not read|incorrect checksum|missing or erroneous|invalid (magic|length)/,
    (at) =>
      `Postgres cannot start: its files in ${at} are damaged; move the folder away and the read tables are rebuilt from the log.`,
  ],
];

/** Converts a failed file operation in the folder of the embedded Postgres to one sentence. */
export function folderFailure(directory: string, error: unknown): EmbeddedPostgresFailed {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
  const sentences: Record<string, string> = {
    EACCES: `Postgres cannot start: there are no rights to write in ${directory}.`,
    EPERM: `Postgres cannot start: there are no rights to write in ${directory}.`,
    EROFS: `Postgres cannot start: ${directory} is on a read-only disk.`,
    ENOSPC: `Postgres cannot start: the disk that holds ${directory} is full.`,
    EDQUOT: `Postgres cannot start: the disk quota for ${directory} is used up.`,
    ENOTDIR: `Postgres cannot start: ${directory} is not a folder.`,
  };
  const sentence = sentences[code] ?? `Postgres cannot start: ${directory} cannot be used (${code}).`;
  return new EmbeddedPostgresFailed(sentence, { cause: error });
}

/** Converts the last lines of a Postgres that ended to one sentence. */
export function outputFailure(
  directory: string,
  output: string,
  exitCode: number | null,
): EmbeddedPostgresFailed {
  const known = KNOWN_CAUSES.find(([pattern]) => pattern.test(output));
  const lastWords =
    /(?:FATAL|PANIC|error|initdb):\s+(.+)/.exec(output)?.[1] ?? `exit code ${exitCode ?? 'none'}`;
  const sentence = known ? known[1](directory) : `Postgres cannot start in ${directory}: ${lastWords}.`;
  return new EmbeddedPostgresFailed(sentence, { cause: new Error(output.slice(-4_000)) });
}
