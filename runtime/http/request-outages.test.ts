import { expect, it } from '@jest/globals';
import type { Log } from '../log/log.ts';
import { createApp, endWithJsonErrors } from './app.ts';
import { listen } from './listen.ts';
import { startGate } from './start-gate.ts';

it('requests that an outage of a store fails are 503 and one line in the log, without a stack', async () => {
  const lines: unknown[] = [];
  const write = (fields: object, text: string) => lines.push({ ...fields, text });
  const app = createApp();
  app.get('/store/:code', (req) => {
    throw Object.assign(new Error('The store is away.'), { code: req.params.code });
  });
  endWithJsonErrors(app, { info: write, warn: write, error: write } as unknown as Log);
  const listening = await listen(app, { host: '127.0.0.1', port: 0 });
  for (const code of ['LOG_UNAVAILABLE', 'READ_STORE_UNAVAILABLE', 'BLOB_STORE_UNAVAILABLE'])
    for (let n = 0; n < 20; n += 1) {
      const answer = await fetch(`http://127.0.0.1:${listening.port}/store/${code}`);
      await answer.arrayBuffer();
      expect([answer.status, Number(answer.headers.get('Retry-After')) > 0]).toEqual([503, true]);
    }

  await listening.close(0);
  expect(lines).toHaveLength(3);
  expect(JSON.stringify(lines)).not.toContain('    at ');
});

it('requests before the start is over are 503 with what it waits for, and one line in the log, without a stack', async () => {
  const lines: unknown[] = [];
  const write = (fields: object, text: string) => lines.push({ ...fields, text });
  const waitingFor = [{ dependency: 'Postgres', why: 'It is away.', since: new Date(0).toISOString() }];
  const starting = { name: 'query-api', readiness: () => ({ ready: false, waitingFor }) };
  const app = createApp();
  app.use(startGate([{ ...starting, stop: async () => undefined }] as never).middleware);
  endWithJsonErrors(app, { info: write, warn: write, error: write } as unknown as Log);
  const listening = await listen(app, { host: '127.0.0.1', port: 0 });
  for (let n = 0; n < 20; n += 1) {
    const answer = await fetch(`http://127.0.0.1:${listening.port}/api/jobs`);
    expect([answer.status, answer.headers.get('Retry-After')]).toEqual([503, '2']);
    expect(await answer.text()).toContain('waits for: Postgres');
  }
  await listening.close(0);
  expect(lines).toHaveLength(1);
  expect(JSON.stringify(lines)).not.toContain('    at ');
});
