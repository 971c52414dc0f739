import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import {
  appendTo,
  newDirectory,
  openSmallLog,
  setMetadata,
  surveyOf,
  type SurveyedEvent,
} from '../../tests/rooms/event-store-server/log-in-process.ts';
import { connectTo, counted, spawnStore } from '../../tests/rooms/event-store-server/spawned-store.ts';
import { runDocket } from '../../tests/harness/run-docket.ts';
import type { LogChecked } from '../../event-store-server/storage/check-log.ts';

// Generous: each command is a process, and the machine may have much else to do.
jest.setTimeout(120_000);

const JOB = '0b0f4c2e-5a51-5d3c-8f0e-2f6f3f0a9d11';

let directory: string;
let survey: SurveyedEvent[];
beforeEach(async () => {
  directory = newDirectory();
  const log = openSmallLog(directory);
  for (let n = 0; n < 12; n += 1) {
    await appendTo(log, `job-${JOB}`, 2);
    await appendTo(log, 'gateway', 3);
  }
  survey = surveyOf(log);
  await log.close();
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const files = (kind: string): string[] =>
  readdirSync(directory)
    .filter((name) => name.endsWith(kind))
    .sort()
    .map((name) => join(directory, name));

type Said = LogChecked & { jobs: string[]; advice: string[] };
async function check(): Promise<{ code: number | null; said: Said }> {
  const { code, stdout, stderr } = await runDocket(['log', 'check', directory, '--json']);
  if (stdout === '') throw new Error(stderr);
  return { code, said: JSON.parse(stdout) as Said };
}

/** Flips one bit of the event's content in the file. */
function damage(event: SurveyedEvent): string {
  const file = files('.log').findLast(
    (path) => Number.parseInt(path.slice(-20), 10) <= event.position,
  ) as string;
  const bytes = readFileSync(file);
  const at = bytes.indexOf(event.id) + 30;
  bytes[at] = (bytes[at] as number) ^ 1;
  writeFileSync(file, bytes);
  return file;
}

it('finds nothing in a log that is as it was written, scavenged or not, and changes nothing', async () => {
  const log = openSmallLog(directory);
  await setMetadata(log, 'gateway', { $maxCount: 1 });
  for (let n = 0; n < 4; n += 1) await appendTo(log, 'gateway', 3);
  expect((await log.scavenge.start().report).rewritten).toBeGreaterThan(0);
  await log.close();
  const stamps = files('.log').map((file) => [file, statSync(file).mtimeMs, statSync(file).size]);
  const { code, said } = await check();
  expect({ code, damages: said.damages, gaps: said.gaps, cut: said.cut, indexes: said.indexes }).toEqual({
    code: 0,
    damages: [],
    gaps: [],
    cut: null,
    indexes: [],
  });
  expect(said.packed).toBeGreaterThan(0);
  expect(files('.log').map((file) => [file, statSync(file).mtimeMs, statSync(file).size])).toEqual(stamps);
});

it.each([true, false])(
  'names damaged events, their streams and jobs, and what to do (with index file: %s)',
  async (hasIndex) => {
    const event = survey.find(
      ({ stream, revision }) => stream === `job-${JOB}` && revision === 5,
    ) as SurveyedEvent;
    const file = damage(event);
    if (!hasIndex) for (const index of files('.index')) rmSync(index);
    const { code, said } = await check();
    expect(code).toBe(1);
    expect(said.events).toBe(survey.length - 2);
    expect(said.damages).toMatchObject([{ file, reason: 'it is not what was written' }]);
    expect(said.damages[0]?.events).toMatchObject([
      { stream: `job-${JOB}`, revision: 4, isWhole: true },
      { stream: `job-${JOB}`, revision: 5, position: event.position, isWhole: false },
    ]);
    expect(said.gaps).toEqual([{ stream: `job-${JOB}`, from: 4, to: 5 }]);
    expect(said.jobs).toEqual([JOB]);
    expect(said.advice.join(' ')).toContain(file);
    const plain = await runDocket(['log', 'check', directory]);
    expect(plain.stdout).toContain(`Jobs with lost events: ${JOB}`);
    expect(plain.stdout).toContain('docs/operations.md');
  },
);

it('tells an unfinished write, lost index files and a missing segment from one another', async () => {
  const last = files('.log').at(-1) as string;
  const lastIndex = files('.index').at(-1) as string;
  truncateSync(last, statSync(last).size - 7);
  // Stopped in order, the index knows how much there was.
  expect((await check()).said.damages).toMatchObject([{ file: last }, { file: last }]);
  rmSync(lastIndex);
  const torn = await check();
  expect(torn).toMatchObject({ code: 0, said: { damages: [], cut: { file: last } } });
  const [first, second] = files('.log') as [string, string];
  rmSync(files('.index')[0] as string);
  expect((await check()).said.indexes).toMatchObject([{ reason: 'it is missing' }]);
  rmSync(second);
  const { code, said } = await check();
  expect(code).toBe(1);
  expect(said.damages[0]?.reason).toContain(`end at position ${statSync(first).size}`);
});

it('is refused while a store has the folder, and where there is none', async () => {
  const store = await spawnStore(directory);
  expect(await runDocket(['log', 'check', directory])).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('already open'),
  });
  await store.end('SIGTERM');
  expect(await runDocket(['log', 'check', join(directory, 'none')])).toMatchObject({ code: 1 });
  expect(await runDocket(['log', 'look'])).toMatchObject({ code: 2 });
});

it('scavenges the running store', async () => {
  const store = await spawnStore(directory);
  const client = connectTo(store.port);
  await client.appendToStream('more', counted(1));
  const ran = await runDocket(['log', 'scavenge', '--json'], {
    EVENTSTORE_URL: `esdb://127.0.0.1:${store.port}?tls=false`,
    DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
    GATEWAY_URL: 'http://127.0.0.1:1',
  });
  expect(JSON.parse(ran.stdout)).toMatchObject({ outcome: 'done', freed: { events: 0, bytes: 0 } });
  expect(ran.code).toBe(0);
  await client.dispose();
  await store.end('SIGTERM');
});
