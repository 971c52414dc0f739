/** Writes index files, one after the other. One that cannot be written costs the next start some time and nothing else. */
import { openEventReader } from './event-reader.ts';
import { writeIndexFile, writeIndexFileNow } from './index-file.ts';
import { segmentPath, type Segment, type SegmentFiles } from './segment-files.ts';
import { collectSegment, type LoadedLog } from './segment-index.ts';

export interface IndexFiles {
  /** Writes the index of a closed segment when its turn comes. */
  readonly writeSoon: (segment: Segment) => void;
  /** Writes the index of a segment before it returns. */
  readonly writeNow: (segment: Segment) => void;
  /** Resolves when everything that waits now is written. */
  readonly settled: () => Promise<void>;
  /** Resolves when what waited is written; what is not begun after `withinMs` is left to the next start. */
  readonly settle: (withinMs: number) => Promise<void>;
}

export function keepIndexFiles(
  directory: string,
  log: LoadedLog,
  files: SegmentFiles,
  notice: (sentence: string) => void,
): IndexFiles {
  let until = Infinity;
  let writing = Promise.resolve();
  const pathOf = (segment: Segment): string => segmentPath(directory, segment.base, 'index');
  const collect = (segment: Segment) => collectSegment(log, segment, openEventReader(files, log.index));
  const report = (error: unknown): void => {
    notice(`An index file was not written, the next start will read the segment again: ${String(error)}`);
  };
  return {
    writeSoon: (segment) => {
      writing = writing
        .then(async () => {
          if (performance.now() < until) await writeIndexFile(pathOf(segment), collect(segment));
        })
        .catch(report);
    },
    writeNow: (segment) => {
      try {
        writeIndexFileNow(pathOf(segment), collect(segment));
      } catch (error) {
        report(error);
      }
    },
    settled: () => writing,
    settle: (withinMs) => {
      until = performance.now() + withinMs;
      return writing;
    },
  };
}
