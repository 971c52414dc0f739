import { execFileSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { expect, it } from '@jest/globals';
import { CHILD_TUNING } from './spawn-child.ts';

/** Makes 2 MiB of garbage, and prints the bytes of the young generation before and after it is freed. */
const script = `
  import { getHeapSpaceStatistics } from 'node:v8';
  const { freeYoungMemory, DOCUMENTS_PER_COLLECTION } = await import(process.argv[1]);
  const free = () => {
    for (let document = 1; document <= DOCUMENTS_PER_COLLECTION; document += 1) freeYoungMemory();
  };
  const used = () => getHeapSpaceStatistics().find((space) => space.space_name === 'new_space').space_used_size;
  free();
  let garbage = [];
  for (let i = 0; i < 32_768; i += 1) garbage.push({ i, text: [i] });
  garbage = undefined;
  const before = used();
  free();
  console.log(JSON.stringify({ before, after: used() }));
`;

it('a process with the flags of a converter child frees what its documents left behind', () => {
  const address = pathToFileURL(`${import.meta.dirname}/young-memory.ts`).href;
  const printed = execFileSync(
    process.execPath,
    [...CHILD_TUNING, '--input-type=module', '--eval', script, address],
    { encoding: 'utf8' },
  );
  const { before, after } = JSON.parse(printed) as { before: number; after: number };
  expect(before).toBeGreaterThan(2 * 1024 * 1024);
  expect(after).toBeLessThan(before / 4);
});
