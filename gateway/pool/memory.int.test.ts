import { expect, it } from '@jest/globals';
import { bytesByPs, residentBytes } from './memory.ts';

const onLinux = process.platform === 'linux' ? it : it.skip;

onLinux('ps tells the memory of a process as /proc does', () => {
  const byPs = bytesByPs(process.pid) ?? 0;
  const byProc = residentBytes(process.pid) ?? 0;
  expect(byPs).toBeGreaterThan(byProc / 2);
  expect(byPs).toBeLessThan(byProc * 2);
});

it('no process, no memory', () => {
  expect(bytesByPs(2 ** 22 + 1)).toBeUndefined();
});
