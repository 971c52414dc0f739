import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Queryable } from '../../read-store/pool.ts';
import { createLog } from '../../runtime/log/log.ts';
import { projectInto } from '../../tests/harness/projected-jobs.ts';
import { startQueryInstallation, type QueryInstallation } from '../../tests/harness/query-installation.ts';
import { startChangeFeed, type ChangeFeed } from './change-feed.ts';
import { pageReader } from './page-reader.ts';

let installation: QueryInstallation;
beforeAll(async () => {
  installation = await startQueryInstallation({ withLog: false });
}, 60_000);
afterAll(() => installation.stop());

/** A feed that no notice ever reaches, on a store that counts what is asked of it. */
function unnotified(wanted: () => boolean): { feed: ChangeFeed; asked: () => number } {
  let asked = 0;
  const store: Queryable = {
    query: (text, values) => {
      asked += 1;
      return installation.store.query(text, values);
    },
  };
  const feed = startChangeFeed({
    store,
    readPage: pageReader(store, () => 'Invoice'),
    listener: { wanted, changed: () => undefined, switched: () => undefined },
    log: createLog('test', 'silent'),
  });
  return { feed, asked: () => asked };
}

it('a feed that nobody waits for asks seldom; a request that waits makes it look at once, without a notice', async () => {
  const projection = projectInto(installation.store);
  await projection.write([{ jobId: randomUUID(), owner: installation.newOwner() }]);
  const { feed, asked } = unnotified(() => false);
  try {
    while (feed.at() === null) await sleep(10);
    await sleep(50);
    const before = asked();
    await sleep(3_000);
    expect(asked() - before).toBeLessThanOrEqual(1);
    const position = await projection.write([{ jobId: randomUUID(), owner: installation.newOwner() }]);
    expect(await feed.reached(position, 5_000)).toBe(true);
  } finally {
    await feed.stop();
  }
}, 60_000);

it('a feed looks at least once a second from the moment that somebody follows', async () => {
  let wanted = false;
  const { feed, asked } = unnotified(() => wanted);
  try {
    while (feed.at() === null) await sleep(10);
    await sleep(50);
    wanted = true;
    feed.hurry();
    const before = asked();
    // Were its pause still the long one, four looks would take most of a minute.
    for (const endMs = performance.now() + 20_000; asked() - before < 4; await sleep(20))
      expect(performance.now()).toBeLessThan(endMs);
  } finally {
    await feed.stop();
  }
}, 60_000);
