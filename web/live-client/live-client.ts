import type { ClientFrame, ServerFrame } from '../../schemas/protocols/live-protocol.ts';
import { nothingHeld, receive, reconnectDelayMs, type Held, type RowRules } from './subscription.ts';

/** `failures` counts failed connections since the last success. `everLive` is false until the first welcome. */
export interface LiveStatus {
  readonly phase: 'connecting' | 'live' | 'waiting' | 'closed';
  readonly failures: number;
  readonly everLive: boolean;
}

export interface LiveOptions {
  /** Address of the live endpoint, with `ws:` or `wss:`. */
  readonly url: string;
  readonly onStatus?: (status: LiveStatus) => void;
  readonly random?: () => number;
  readonly WebSocket?: typeof globalThis.WebSocket;
}

export interface Listener<Row> extends RowRules<Row> {
  /** Receives all rows, and separately the new or changed rows (after a snapshot: all rows). */
  onRows(rows: ReadonlyMap<string, Row>, changed: readonly Row[]): void;
  onError?(error: { readonly code: string; readonly message: string }): void;
}

export interface LiveClient {
  /** Follows a topic over any number of connections. Returns the function that stops it. */
  subscribe<Row>(topic: string, listener: Listener<Row>): () => void;
  /** Reconnects now instead of at the end of the wait, for example when the network is back. */
  reconnectNow(): void;
  close(): void;
}

const PROTOCOL = 'docket.live.v1';
const WELCOME_MAX_MS = 10_000;
/** A connection that ends before this time does not count as recovered, so the waits continue to grow. */
const STABLE_AFTER_MS = 5_000;

/** A client of `docket.live.v1`: one socket for any number of topics. It reconnects until `close()`. */
export function connectLive(options: LiveOptions): LiveClient {
  const Socket = options.WebSocket ?? globalThis.WebSocket;
  const topics = new Map<number, { held: Held<unknown>; listener: Listener<unknown> }>();
  let status: LiveStatus = { phase: 'waiting', failures: 0, everLive: false };
  let socket: WebSocket | null = null;
  let lastId = 0;
  let liveSince = Infinity;
  let heartbeatMs = WELCOME_MAX_MS;
  let askedMs = 0;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let silence: ReturnType<typeof setTimeout> | undefined;

  const become = (next: Partial<LiveStatus>) => {
    status = { ...status, ...next };
    options.onStatus?.(status);
  };
  const send = (frame: ClientFrame) => void (socket?.readyState === 1 && socket.send(JSON.stringify(frame)));
  const ask = (id: number, { topic, token }: Held<unknown>) =>
    send({ type: 'subscribe', id, topic, ...(token === null ? {} : { token }) });

  /** The server sends a heartbeat at least every `heartbeatMs`. After twice that time the connection counts as dead. */
  function expectMessage(withinMs: number): void {
    clearTimeout(silence);
    silence = setTimeout(() => lose(socket), withinMs);
  }

  function connect(): void {
    clearTimeout(retry);
    become({ phase: 'connecting' });
    const opened = (socket = new Socket(options.url, PROTOCOL));
    expectMessage(WELCOME_MAX_MS);
    opened.onopen = () => {
      send({ type: 'hello', protocol: PROTOCOL });
      // Subscribes at once, because a wait for the welcome would take one more round trip.
      for (const [id, topic] of topics) ask(id, topic.held);
    };
    opened.onclose = () => lose(opened);
    opened.onmessage = ({ data }) => opened === socket && hear(JSON.parse(String(data)) as ServerFrame);
  }

  function lose(lost: WebSocket | null): void {
    if (lost === null || lost !== socket) return;
    socket = null;
    clearTimeout(silence);
    lost.close();
    for (const topic of topics.values()) topic.held = { ...topic.held, incoming: null };
    const failures = Date.now() - liveSince >= STABLE_AFTER_MS ? 0 : status.failures;
    retry = setTimeout(connect, reconnectDelayMs(failures, (options.random ?? Math.random)(), askedMs));
    liveSince = Infinity;
    askedMs = 0;
    become({ phase: 'waiting', failures: failures + 1 });
  }

  function hear(frame: ServerFrame): void {
    expectMessage(heartbeatMs * 2);
    if (frame.type === 'welcome') {
      heartbeatMs = frame.heartbeatMs;
      liveSince = Date.now();
      become({ phase: 'live', everLive: true });
    } else if (frame.type === 'ping') send({ type: 'pong' });
    else if (frame.type === 'goodbye') askedMs = frame.retryAfterMs;
    else if (frame.type === 'error') topics.get(frame.id ?? 0)?.listener.onError?.(frame);
    else hearTopic(frame);
  }

  function hearTopic(frame: Parameters<typeof receive>[1]): void {
    const topic = topics.get(frame.id);
    if (topic === undefined) return;
    const { held, changed, gap } = receive(topic.held, frame, topic.listener);
    topic.held = held;
    if (changed !== null) topic.listener.onRows(held.rows, changed);
    if (!gap) return;
    send({ type: 'unsubscribe', id: frame.id });
    topics.delete(frame.id);
    topics.set((lastId += 1), topic);
    ask(lastId, held);
  }

  connect();
  return {
    subscribe<Row>(name: string, listener: Listener<Row>) {
      const topic = { held: nothingHeld<unknown>(name), listener: listener as unknown as Listener<unknown> };
      topics.set((lastId += 1), topic);
      ask(lastId, topic.held);
      return () => {
        const id = [...topics].find(([, each]) => each === topic)?.[0];
        if (id !== undefined && topics.delete(id)) send({ type: 'unsubscribe', id });
      };
    },
    reconnectNow: () => void (status.phase === 'waiting' && connect()),
    close() {
      for (const timer of [retry, silence]) clearTimeout(timer);
      socket?.close(1000);
      socket = null;
      become({ phase: 'closed' });
    },
  };
}
