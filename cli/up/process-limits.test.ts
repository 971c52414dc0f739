import { describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { linesOnLimits } from './process-limits.ts';

const onLinux = process.platform === 'linux' ? it : it.skip;
const limitsOf = (line: string): string =>
  execFileSync('bash', ['-c', `${line}; cat /proc/self/limits`], { encoding: 'utf8' });

describe('limits of the shell', () => {
  onLinux('that are too low are named with the command that lifts them', () => {
    expect(linesOnLimits(limitsOf('ulimit -v 2097152'), { isRoot: true })).toEqual([
      expect.stringMatching(/ 2\.0 GiB of address space \(ulimit -v\); .*`ulimit -v unlimited`/),
    ]);
    expect(linesOnLimits(limitsOf('ulimit -u 60'), { isRoot: false })).toEqual([
      expect.stringMatching(/ 60 threads \(ulimit -u\); .*`ulimit -u 2000`/),
    ]);
    expect(linesOnLimits(limitsOf('ulimit -u 60'), { isRoot: true })).toEqual([]);
  });

  it('that do not hurt, or that the system does not tell, are not spoken of', () => {
    expect(linesOnLimits('', { isRoot: false })).toEqual([]);
    expect(linesOnLimits('Max processes    unlimited   unlimited  processes\n', { isRoot: false })).toEqual(
      [],
    );
  });
});
