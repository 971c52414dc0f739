import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createLog } from '../runtime/log/log.ts';
import { startTestEventStore, type TestEventStore } from '../tests/harness/event-store.ts';
import { runDocket } from '../tests/harness/run-docket.ts';
import { connectEventLog } from './connect.ts';
import { checkStore } from './store-check.ts';

const log = createLog('test', 'silent');
const admin = { name: 'admin', password: 'changeit', groups: ['$admins'] };
const writer = { name: 'writer', password: 'writer-secret', groups: [] };

let plain: TestEventStore;
let secured: TestEventStore;

beforeAll(async () => {
  plain = await startTestEventStore();
  secured = await startTestEventStore({ tls: true, users: [admin, writer] });
});

afterAll(async () => {
  await Promise.all([plain.stop(), secured.stop()]);
});

it('the embedded store has all that Docket needs, and keeps no stream of the check', async () => {
  const { connectionString } = plain;
  const checked = await checkStore({ connectionString, timeoutMs: 10_000, log });
  expect(checked.filter(({ ok }) => !ok)).toEqual([]);
  expect(checked.length).toBeGreaterThan(10);
  const reading = connectEventLog({ connectionString, timeoutMs: 10_000, log });
  const streams = new Set<string>();
  for await (const { stream } of reading.readAll('start', { streamPrefixes: ['docket-check-'] }))
    streams.add(stream);
  expect(streams.size).toBeGreaterThan(5);
  for (const stream of streams) expect(await reading.readLast(stream)).toBeNull();
  await reading.close();
});

it('a store that refuses the user fails by name, and nothing more is tried', async () => {
  const connectionString = secured.connectionStringAs({ user: writer });
  const checked = await checkStore({ connectionString, timeoutMs: 10_000, log });
  expect(checked).toHaveLength(1);
  expect(checked[0]).toMatchObject({ ok: false, note: expect.stringMatching(/"writer".*\$all/) as unknown });
});

it('a user gets the right to read $all by one command, and then the store has all that Docket needs', async () => {
  const granted = await startTestEventStore({ tls: true, users: [admin, writer] });
  const administrator = granted.connectionStringAs({ user: admin });
  const table = await runDocket(['store', 'allow', 'writer', administrator]);
  expect(table).toMatchObject({ code: 0, stdout: '$admins, writer may read $all.\n' });
  const connectionString = granted.connectionStringAs({ user: writer });
  const checked = await checkStore({ connectionString, timeoutMs: 10_000, log });
  expect(checked.filter(({ ok }) => !ok)).toEqual([]);
  expect(await runDocket(['store', 'allow', 'writer', connectionString])).toMatchObject({ code: 1 });
  await granted.stop();
});

it('the command prints a table for people and JSON for programs, and its exit code says the same', async () => {
  const table = await runDocket(['store', 'check', plain.connectionString]);
  expect(table).toMatchObject({ code: 0, stderr: '' });
  expect(table.stdout).toMatch(/^ok +append at an exact revision +\d+ ms/m);
  expect(table.stdout).toMatch(/has everything that Docket needs\.$/m);
  const json = await runDocket(['store', 'check', '--json'], {
    EVENTSTORE_URL: secured.connectionStringAs({ user: writer }),
  });
  expect(json.code).toBe(1);
  expect(JSON.parse(json.stdout)).toMatchObject({ ok: false, checks: [{ ok: false }] });
  expect(await runDocket(['store', 'check', 'http://one'])).toMatchObject({ code: 1 });
  expect(await runDocket(['store'])).toMatchObject({ code: 2 });
});

it('a store that its administrator reaches over TLS has all that Docket needs', async () => {
  const connectionString = secured.connectionStringAs({ user: admin });
  const checked = await checkStore({ connectionString, timeoutMs: 10_000, log });
  expect(checked.filter(({ ok }) => !ok)).toEqual([]);
});
