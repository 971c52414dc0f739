/** Writes index files, one after the other. When a write fails, only the next start takes longer. */
import { openEventReader } from './event-reader.ts';
import { writeIndexFile, writeIndexFileNow } from './index-file.ts';
import { segmentPath, type Segment, type SegmentFiles } from './segment-files.ts';
import { collectSegment, type LoadedLog } from './segment-index.ts';

export interface IndexFiles {
  /** Queues the index of a closed segment for writing. */
  readonly writeSoon: (segment: Segment) => void;
  /** Writes the index of a segment synchronously. */
  readonly writeNow: (segment: Segment) => void;
  /** Resolves when all index files queued so far are written. */
  readonly settled: () => Promise<void>;
  /**
   * Resolves when the queued files are written. After `withinMs` it begins no other file. The next start then writes
   * the remaining files.
   */
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
    notice(
      `The store could not write an index file, so the next start will read the segment again: ${String(error)}`,
    );
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
