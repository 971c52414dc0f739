/**
 * Jest's order of the test files: those that run the longest first, so that no worker is left alone with a long one
 * at the end. Jest itself goes by what the last run took, which a fresh clone does not know, and then by file size,
 * which says little here. The kinds are those of `jest.config.mjs`; worlds and processes killed at every point lead.
 */
import { statSync } from 'node:fs';

interface TestFile {
  readonly path: string;
}

const KINDS: readonly RegExp[] = [
  /\/(simulation|processor)\/(mutants|simulation|many-processors|crash-points|retry-table)[^/]*$/,
  /\.e2e\.test\.ts$/,
  /\.int\.test\.ts$/,
  /\.test\.ts$/,
];

const kindOf = ({ path }: TestFile): number => KINDS.findIndex((kind) => kind.test(path));

/**
 * The interface that Jest requires of a `testSequencer`, without its base class, because nothing is remembered
 * between runs.
 */
export default class LongestFirst {
  sort<File extends TestFile>(files: readonly File[]): File[] {
    return files.toSorted(
      (one, two) => kindOf(one) - kindOf(two) || statSync(two.path).size - statSync(one.path).size,
    );
  }

  shard<File extends TestFile>(
    files: readonly File[],
    { shardIndex, shardCount }: { readonly shardIndex: number; readonly shardCount: number },
  ): File[] {
    return files.filter((_, at) => at % shardCount === shardIndex - 1);
  }

  allFailedTests<File extends TestFile>(files: readonly File[]): File[] {
    return [...files];
  }

  cacheResults(): void {
    // Does nothing, because the order does not depend on earlier runs.
  }
}
