import { afterEach, describe, expect, it } from '@jest/globals';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import type { ClientFrame, ServerFrame } from '../../schemas/protocols/live-protocol.ts';
import { connectLive, type LiveClient, type LiveStatus } from './live-client.ts';

interface Row {
  readonly key: string;
  readonly revision: number;
}

/** Starts a server that records the messages it receives and sends the messages of the test. */
async function startServer() {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'docket.live.v1' });
  await new Promise<void>((resolve) => server.once('listening', resolve));
  const heard: ClientFrame[] = [];
  let socket: WebSocket | null = null;
  let onSubscribe: (frame: Extract<ClientFrame, { type: 'subscribe' }>) => void = () => undefined;
  const say = (frame: ServerFrame) => socket?.send(JSON.stringify(frame));
  server.on('connection', (opened) => {
    socket = opened;
    opened.on('message', (bytes: Buffer) => {
      const frame = JSON.parse(bytes.toString()) as ClientFrame;
      heard.push(frame);
      if (frame.type === 'hello') say({ type: 'welcome', protocol: 'docket.live.v1', heartbeatMs: 25_000 });
      if (frame.type === 'subscribe') onSubscribe(frame);
    });
  });
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    heard,
    say,
    cut: () => socket?.terminate(),
    whenAsked: (answer: typeof onSubscribe) => (onSubscribe = answer),
    close: () =>
      new Promise<void>((resolve) => {
        for (const each of server.clients) each.terminate();
        server.close(() => resolve());
      }),
  };
}

const running: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of running.splice(0)) await each.close();
});

async function connected(onStatus?: (status: LiveStatus) => void) {
  const server = await startServer();
  const client: LiveClient = connectLive({
    url: server.url,
    random: () => 0.01,
    ...(onStatus ? { onStatus } : {}),
  });
  running.push(client, server);
  const shown: Row[][] = [];
  const stop = client.subscribe<Row>('jobs', {
    keyOf: (row) => row.key,
    supersedes: (row, held) => row.revision >= held.revision,
    onRows: (rows) => shown.push([...rows.values()]),
  });
  return { server, client, shown, stop };
}

async function until(holds: () => boolean): Promise<void> {
  const end = Date.now() + 5_000;
  while (!holds()) {
    if (Date.now() > end) throw new Error('it did not come to hold within 5 s');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('the live client on a real socket', () => {
  it('comes back after a cut with its token, and goes on from there [R12.02]', async () => {
    const { server, shown } = await connected();
    server.whenAsked(({ id, token }) =>
      token === undefined
        ? server.say({ type: 'snapshot', id, rows: [{ key: 'a', revision: 1 }], more: false, token: 't1' })
        : server.say({ type: 'delta', id, rows: [{ key: 'a', revision: 2 }], previous: token, token: 't2' }),
    );
    await until(() => shown.length === 1);
    server.cut();
    await until(() => shown.length === 2);
    expect(shown).toEqual([[{ key: 'a', revision: 1 }], [{ key: 'a', revision: 2 }]]);
    expect(
      server.heard.filter(({ type }) => type === 'subscribe').map((frame) => 'token' in frame && frame.token),
    ).toEqual([false, 't1']);
  });

  it('asks again under a new id when a delta is missing, and heeds no late frame of the old one', async () => {
    const { server, shown } = await connected();
    const asked: number[] = [];
    server.whenAsked(({ id }) => {
      asked.push(id);
      if (asked.length === 1) {
        server.say({ type: 'snapshot', id, rows: [], more: false, token: 't1' });
        server.say({ type: 'delta', id, rows: [{ key: 'x', revision: 9 }], previous: 't5', token: 't6' });
        server.say({ type: 'delta', id, rows: [{ key: 'y', revision: 9 }], previous: 't1', token: 't2' });
      } else
        server.say({ type: 'delta', id, rows: [{ key: 'a', revision: 1 }], previous: 't1', token: 't2' });
    });
    await until(() => shown.length === 2);
    expect(asked).toEqual([1, 2]);
    expect(shown).toEqual([[], [{ key: 'a', revision: 1 }]]);
    expect(server.heard).toContainEqual({ type: 'unsubscribe', id: 1 });
  });

  it('answers a ping, waits as long as a goodbye asks for, and counts failures until it is live again', async () => {
    const phases: string[] = [];
    const { server } = await connected(({ phase }) => phases.push(phase));
    await until(() => server.heard.some(({ type }) => type === 'subscribe'));
    server.say({ type: 'ping' });
    await until(() => server.heard.some(({ type }) => type === 'pong'));
    server.say({ type: 'goodbye', retryAfterMs: 300 });
    await new Promise((resolve) => setTimeout(resolve, 50));
    const cutAt = Date.now();
    server.cut();
    await until(() => phases.filter((phase) => phase === 'live').length === 2);
    expect(Date.now() - cutAt).toBeGreaterThanOrEqual(300);
    expect(phases).toEqual(['connecting', 'live', 'waiting', 'connecting', 'live']);
  });

  it('says that it stops following, and nothing more after it is closed', async () => {
    const { server, client, stop, shown } = await connected();
    await until(() => server.heard.some(({ type }) => type === 'subscribe'));
    stop();
    await until(() => server.heard.some(({ type }) => type === 'unsubscribe'));
    server.say({ type: 'snapshot', id: 1, rows: [{ key: 'late', revision: 1 }], more: false, token: 't' });
    client.close();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(shown).toEqual([]);
  });
});
