import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createLog } from './log/log.ts';
import { createMappingDirectory, type MappingDirectory } from './mapping-directory.ts';

const log = createLog('test', 'silent');
const entry = (id: string, version = 1) => ({
  id,
  version,
  contentHash: '0'.repeat(64),
  label: 'Invoice',
  default: true,
  mediaType: 'application/xml',
});

describe('the mapping directory', () => {
  let gateway: Server | undefined;
  let directory: MappingDirectory | undefined;
  let asked = 0;
  let answer: { status: number; body: string };

  async function start(first: typeof answer, port = 0): Promise<string> {
    answer = first;
    gateway = createServer((_req, res) => {
      asked += 1;
      res.writeHead(answer.status, { 'Content-Type': 'application/json' }).end(answer.body);
    });
    await new Promise<void>((resolve) => gateway?.listen(port, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
  }

  afterEach(async () => {
    directory?.stop();
    gateway?.closeAllConnections();
    await new Promise((resolve) => gateway?.close(resolve) ?? resolve(undefined));
    asked = 0;
  });

  it('lists what the gateway offers and finds one by id, and by nothing else [A-MP01]', async () => {
    const gatewayUrl = await start({
      status: 200,
      body: JSON.stringify([entry('one_v1'), entry('two_v1', 3)]),
    });
    directory = createMappingDirectory({ gatewayUrl, log, refreshMs: 60_000 });
    await directory.ready;
    expect(directory.list().map(({ id }) => id)).toEqual(['one_v1', 'two_v1']);
    expect(directory.find('two_v1')).toEqual({
      id: 'two_v1',
      version: 3,
      label: 'Invoice',
      default: true,
      mediaType: 'application/xml',
    });
    for (const id of ['__proto__', 'constructor', '../x', 'one_v1\n', ''])
      expect(directory.find(id)).toBeNull();
  });

  it('keeps the last good list while the gateway fails, and takes the next one', async () => {
    const gatewayUrl = await start({ status: 200, body: JSON.stringify([entry('one_v1')]) });
    directory = createMappingDirectory({ gatewayUrl, log, refreshMs: 20 });
    await directory.ready;
    for (const bad of ['[]', 'not json', '[{"id":"../x"}]', `"${'x'.repeat(1_100_000)}"`]) {
      answer = { status: 200, body: bad };
      const before = asked;
      while (asked < before + 2) await sleep(10);
      expect(directory.find('one_v1')?.version).toBe(1);
    }
    answer = { status: 200, body: JSON.stringify([entry('one_v1', 2)]) };
    while (directory.find('one_v1')?.version !== 2) await sleep(10);
  });

  it('is not ready before the gateway is, then becomes so by itself', async () => {
    const gatewayUrl = await start({ status: 503, body: '{}' });
    directory = createMappingDirectory({ gatewayUrl, log, refreshMs: 60_000 });
    while (asked < 2) await sleep(10);
    expect(directory.loaded()).toBe(false);
    expect(directory.list()).toEqual([]);
    answer = { status: 200, body: JSON.stringify([entry('one_v1')]) };
    await directory.ready;
    expect(directory.loaded()).toBe(true);
  });

  /** A directory with mapping `one_v1` in version 1, in the long pause that follows when nobody asks. */
  async function unasked(): Promise<MappingDirectory> {
    const gatewayUrl = await start({ status: 200, body: JSON.stringify([entry('one_v1')]) });
    const made = createMappingDirectory({
      gatewayUrl,
      log,
      refreshMs: 10,
      unaskedMs: 600_000,
      askedWithinMs: 0,
    });
    await made.ready;
    await sleep(300);
    return made;
  }

  it('fetches seldom while nobody asks, and once at the first question', async () => {
    directory = await unasked();
    expect(asked).toBe(1);

    answer = { status: 200, body: JSON.stringify([entry('one_v1', 2)]) };
    await Promise.all([directory.fresh(), directory.fresh()]);
    expect(directory.find('one_v1')?.version).toBe(2);
  });

  it('gives the last list when the gateway is silent at the first question', async () => {
    directory = await unasked();
    gateway?.removeAllListeners('request');
    await directory.fresh();
    expect(directory.find('one_v1')?.version).toBe(1);
  });
});
