import { closeSync, fstatSync, mkdirSync, openSync, renameSync, statSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { lineWriter } from '../../runtime/log/line-writer.ts';

/**
 * A log file that is larger than this is renamed to `.1`, and a new file begins. So a log needs at most twice this
 * space.
 */
const LOG_FILE_BYTES_MAX = 20 * 1024 * 1024;
/**
 * A removed or moved file is made again after this time, or at the first line that comes a second after the last
 * check.
 */
const CHECK_EVERY_MS = 10_000;
const CHECK_BEFORE_WRITE_MS = 1_000;

/** The log of one child process. */
export interface LogFile {
  /** Appends a text. A text that cannot be written is dropped and counted. */
  readonly write: (text: string) => void;
}

export interface LogFiles {
  readonly open: (name: string) => LogFile;
  readonly stop: () => void;
}

/** A file that each write opens by its name, so a removed or moved file is made again. */
interface NamedFile extends LogFile {
  readonly check: () => void;
  readonly close: () => void;
}

/**
 * One log file for each child process, in `logs` of the data folder. The supervisor writes the lines of the child,
 * because a child could not close its own stderr (ADR 0096).
 */
export function openLogFiles(dataDir: string): LogFiles {
  const directory = join(dataDir, 'logs');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const files = new Map<string, NamedFile>();
  const timer = setInterval(() => {
    for (const file of files.values()) file.check();
  }, CHECK_EVERY_MS);
  timer.unref();
  return {
    open: (name) => {
      const file = files.get(name) ?? openNamed(join(directory, `${name}.log`), name);
      files.set(name, file);
      return file;
    },
    stop: () => {
      clearInterval(timer);
      for (const file of files.values()) file.close();
      files.clear();
    },
  };
}

function openNamed(path: string, name: string): NamedFile {
  let descriptor: number | null = null;
  const opened = (): number => {
    if (descriptor === null) {
      mkdirSync(dirname(path), { recursive: true });
      descriptor = openSync(path, 'a', 0o600);
    }
    return descriptor;
  };
  const close = (): void => {
    if (descriptor !== null) closeSync(descriptor);
    descriptor = null;
  };
  let checkedAtMs = -Infinity;
  const writeLine = lineWriter(name, (bytes) => writeSync(opened(), bytes));
  const write = (text: string): void => {
    if (performance.now() - checkedAtMs > CHECK_BEFORE_WRITE_MS) check();
    writeLine(text);
  };
  const check = (): void => {
    checkedAtMs = performance.now();
    try {
      const own = fstatSync(opened());
      const named = statSync(path, { throwIfNoEntry: false });
      if (named?.ino !== own.ino || named.dev !== own.dev) close();
      else if (own.size >= LOG_FILE_BYTES_MAX) {
        renameSync(path, `${path}.1`);
        close();
      }
      opened();
    } catch (error) {
      // The disk is full or missing. The next line or check tries again. The count of lost lines is kept.
      void error;
    }
  };
  check();
  return { write, check, close };
}
