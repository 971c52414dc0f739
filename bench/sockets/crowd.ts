/**
 * The clients of `bench/sockets.ts`, in the process of the bench itself: ten thousand sockets, each of another owner.
 */
import { WebSocket } from 'ws';
import { sealSession } from '../../identity/session-cookie.ts';
import { keysFor } from '../../identity/signing-keys.ts';
import { LIVE_PATH, LIVE_PROTOCOL } from '../../schemas/protocols/live-protocol.ts';
import { SECRETS } from '../../tests/harness/query-installation.ts';

/** Most handshakes at the same time. */
const OPENING_MAX = 200;
/**
 * Number of loopback addresses. One address has ports for 28,000 connections, including closing ones; these addresses
 * have ten times as many.
 */
const ADDRESSES = 10;
const STATED_NS = /"filename":"(\d{10,20})"/g;

export interface Crowd {
  /** Opens every socket and waits until each has its snapshot or its missed rows. Returns the time in ms. */
  open(port: number): Promise<number>;
  /** Cuts every socket at once, without a close frame. */
  cut(): void;
  /** Returns the milliseconds from the beginning of each update to its arrival, since the last call. */
  takeLatencies(): number[];
}

/**
 * Makes the clients.
 * @param owners one socket for each
 */
export function createCrowd(owners: readonly string[]): Crowd {
  const keys = keysFor(SECRETS, 'session');
  const cookies = owners.map((owner) => `docket=${sealSession(owner, keys, Date.now())}`);
  const tokens: (string | undefined)[] = owners.map(() => undefined);
  let sockets: WebSocket[] = [];
  let latencies: number[] = [];

  const openOne = (index: number, port: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}${LIVE_PATH}`, [LIVE_PROTOCOL], {
        headers: { origin: `http://127.0.0.1:${port}`, cookie: cookies[index]! },
        localAddress: `127.0.0.${2 + (index % ADDRESSES)}`,
        perMessageDeflate: false,
      });
      sockets.push(socket);
      socket.on('error', reject);
      socket.on('open', () => {
        const token = tokens[index];
        socket.send(JSON.stringify({ type: 'hello', protocol: LIVE_PROTOCOL }));
        socket.send(JSON.stringify({ type: 'subscribe', id: 1, topic: 'jobs', ...(token ? { token } : {}) }));
      });
      socket.on('message', (message: Buffer) => {
        const text = message.toString();
        for (const [, began] of text.matchAll(STATED_NS))
          latencies.push(Number(process.hrtime.bigint() - BigInt(began!)) / 1e6);
        if (text.startsWith('{"type":"ping"')) return socket.send('{"type":"pong"}');
        if (!text.startsWith('{"type":"snapshot"') && !text.startsWith('{"type":"delta"')) return;
        tokens[index] = (JSON.parse(text) as { token: string }).token;
        resolve();
      });
    });

  return {
    open: async (port) => {
      const startedAt = performance.now();
      let next = 0;
      const opener = async () => {
        while (next < owners.length) {
          next += 1;
          await openOne(next - 1, port);
        }
      };
      await Promise.all(Array.from({ length: OPENING_MAX }, opener));
      return performance.now() - startedAt;
    },
    cut: () => {
      for (const socket of sockets) {
        socket.removeAllListeners();
        socket.on('error', () => undefined);
        socket.terminate();
      }
      sockets = [];
    },
    takeLatencies: () => {
      const taken = latencies;
      latencies = [];
      return taken;
    },
  };
}
