import { appendFileSync } from 'node:fs';
import { join } from 'node:path';

/** Writes lines for the user to the first output that is still open. */
export interface SpokenLines {
  /**
   * Writes a line about the run to standard error, or to `logs/docket.log` of the data folder when standard error is
   * closed.
   */
  readonly say: (line: string) => void;
  /** Prints the result of the command on standard output, or like `say` when standard output is closed. */
  readonly print: (line: string) => void;
}

/**
 * Makes the writer of lines for the user. The lines arrive even when one output is closed, and a failed write does
 * not end the program. `npm start
 * head -n 3` closes standard output; a closed terminal closes both.
 */
export function spokenLines(dataDir: string): SpokenLines {
  // Without a listener, the first line to a closed pipe would end the program. The code of the write handles the lost
  // line.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  const note = (text: string): void => {
    try {
      appendFileSync(join(dataDir, 'logs', 'docket.log'), text);
    } catch (error) {
      // The terminal is closed and the disk is full, so no output is left.
      void error;
    }
  };
  const say = (line: string): void => {
    const text = `Docket: ${line}\n`;
    process.stderr.write(text, (error) => {
      if (error) note(text);
    });
  };
  return {
    say,
    print: (line) =>
      void process.stdout.write(`${line}\n`, (error) => {
        if (error) say(`${line} (standard output is closed; \`kill ${process.pid}\` stops Docket)`);
      }),
  };
}
