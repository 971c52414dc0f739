import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One step of a schema, as SQL. A released step is never edited. A change of its tables is a new step. */
export interface Migration {
  /** The name of the step, such as `0001-what-it-does`. Steps are ordered by name. */
  readonly name: string;
  readonly up: string;
  readonly down: string;
}

const UP = '\n-- up\n';
const DOWN = '\n-- down\n';

/**
 * Reads the migrations of a folder, in the order of their names. A file has a comment, `-- up` with the step, and `--
 * down` with its reversal.
 * @throws when a file lacks `-- up` or `-- down`
 */
export function readMigrations(folder: string): readonly Migration[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.sql'));
  return files.toSorted().map((file) => migrationOf(file, readFileSync(join(folder, file), 'utf8')));
}

function migrationOf(file: string, text: string): Migration {
  const up = text.indexOf(UP);
  const down = text.indexOf(DOWN);
  if (up < 0 || down < up) throw new Error(`Migration ${file} lacks "-- up", or "-- down" after it.`);
  return {
    name: file.replace(/\.sql$/, ''),
    up: text.slice(up + UP.length, down).trim(),
    down: text.slice(down + DOWN.length).trim(),
  };
}
