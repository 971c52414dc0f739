import { appendFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a person is told, wherever it can still be read. */
export interface SpokenLines {
  /** A line about the run, on standard error; in `logs/docket.log` of the data folder when nobody reads that. */
  readonly say: (line: string) => void;
  /** What the command prints, on standard output; said when nobody reads that. */
  readonly print: (line: string) => void;
}

/**
 * Lines that reach the user even when one output is closed, and whose failure ends nothing. `npm start | head -n 3`
 * closes standard output; a closed terminal closes both.
 */
export function spokenLines(dataDir: string): SpokenLines {
  // Without a listener the first line to a closed pipe would end the program. What was lost is handled at the write.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  const note = (text: string): void => {
    try {
      appendFileSync(join(dataDir, 'logs', 'docket.log'), text);
    } catch (error) {
      // The terminal is gone and the disk is full: there is no place left to say this.
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
