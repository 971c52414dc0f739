import { copyFileSync, mkdirSync, openSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';

/** A log file that grows past this is copied to `.1` and emptied, so two of them are the most disk it takes. */
const LOG_FILE_BYTES_MAX = 20 * 1024 * 1024;
const CHECK_EVERY_MS = 30_000;

export interface LogFiles {
  /** A descriptor, opened for appending, to hand to a child as its stderr. */
  open(name: string): number;
  path(name: string): string;
  stop(): void;
}

/** One log file a child process, in `logs` of the data folder. */
export function openLogFiles(dataDir: string): LogFiles {
  const directory = join(dataDir, 'logs');
  mkdirSync(directory, { recursive: true });
  const names = new Set<string>();
  const path = (name: string) => join(directory, `${name}.log`);
  // Children append through their own descriptors; emptying the file under O_APPEND is safe for them.
  const rotate = () => {
    for (const name of names) {
      if (statSync(path(name)).size < LOG_FILE_BYTES_MAX) continue;
      copyFileSync(path(name), `${path(name)}.1`);
      truncateSync(path(name), 0);
    }
  };
  const timer = setInterval(rotate, CHECK_EVERY_MS);
  timer.unref();
  return {
    path,
    open(name) {
      const descriptor = openSync(path(name), 'a', 0o600);
      names.add(name);
      rotate();
      return descriptor;
    },
    stop: () => clearInterval(timer),
  };
}
