import {
  Agent,
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { connect, type Socket } from 'node:net';

const PROBE_EVERY_MS = 250;
/** As long as the Caddyfile's `lb_try_duration`. */
const TRY_MS_MAX = 5_000;

/** The public port in front of several command-apis and query-apis, with the rules of `deploy/Caddyfile`. */
export interface Edge {
  readonly url: string;
  stop(): Promise<void>;
}

/** A service, and the address of its readiness. */
interface Upstream {
  readonly url: string;
  readonly health: string;
}

interface Upstreams {
  readonly port: number;
  readonly writes: readonly Upstream[];
  readonly reads: readonly Upstream[];
}

/**
 * Passes writes to the ready command-apis and everything else to the ready query-apis, in turn. A connection that is
 * refused was never a request, so another one is tried; when nobody takes it in time the answer is 503.
 */
export async function startEdge(upstreams: Upstreams): Promise<Edge> {
  const ready = new Map<string, boolean>();
  const probe = async ({ url, health }: Upstream): Promise<void> => {
    const answer = await fetch(new URL('/ready', health), { signal: AbortSignal.timeout(1_000) }).catch(
      () => null,
    );
    await answer?.arrayBuffer().catch(() => undefined);
    ready.set(url, answer?.ok ?? false);
  };
  const all = [...upstreams.writes, ...upstreams.reads];
  await Promise.all(all.map(probe));
  const prober = setInterval(() => void Promise.all(all.map(probe)), PROBE_EVERY_MS);
  let turn = 0;
  const next = (req: IncomingMessage): string => {
    const isWrite = (req.method === 'POST' || req.method === 'DELETE') && (req.url ?? '').startsWith('/api/');
    const pool = isWrite ? upstreams.writes : upstreams.reads;
    const alive = pool.filter(({ url }) => ready.get(url));
    turn += 1;
    return (alive.length > 0 ? alive : pool)[turn % (alive.length || pool.length)]!.url;
  };
  const sockets = new Set<Socket>();
  const server = createServer((req, res) => void pass(req, res, next));
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (req: IncomingMessage, socket: Socket, head: Buffer) =>
    tunnel(req, socket, head, next(req)),
  );
  await new Promise<void>((resolve) => server.listen(upstreams.port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${upstreams.port}`,
    stop: async () => {
      clearInterval(prober);
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Connections to the services are not kept: one that is closed just as a request is sent would fail it. */
const agent = new Agent({ keepAlive: false });

async function pass(
  req: IncomingMessage,
  res: ServerResponse,
  next: (req: IncomingMessage) => string,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of req as AsyncIterable<Buffer>) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  for (const startedAt = performance.now(); performance.now() - startedAt < TRY_MS_MAX;) {
    if ((await passTo(next(req), req, body, res)) !== 'refused') return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  res.writeHead(503, { 'Retry-After': '2', 'Content-Type': 'application/json' });
  res.end('{"error":{"code":"UNAVAILABLE","message":"Nobody takes this now.","requestId":""}}');
}

function passTo(
  url: string,
  req: IncomingMessage,
  body: Buffer,
  res: ServerResponse,
): Promise<'answered' | 'refused'> {
  return new Promise((resolve) => {
    const upstream = httpRequest(
      new URL(req.url ?? '/', url),
      { method: req.method, headers: { ...req.headers, connection: 'close' }, agent },
      (answer) => {
        res.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(res);
        answer.once('end', () => resolve('answered'));
        answer.once('error', () => {
          res.destroy();
          resolve('answered');
        });
      },
    );
    upstream.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') return resolve('refused');
      // Bytes were already sent, so only the client can decide about a retry.
      res.destroy();
      resolve('answered');
    });
    upstream.end(body);
  });
}

/** A WebSocket, byte for byte. */
function tunnel(req: IncomingMessage, client: Socket, head: Buffer, url: string): void {
  const upstream = connect(Number(new URL(url).port), '127.0.0.1', () => {
    const lines = [`${req.method} ${req.url} HTTP/1.1`];
    for (let at = 0; at < req.rawHeaders.length; at += 2)
      lines.push(`${req.rawHeaders[at]}: ${req.rawHeaders[at + 1]}`);
    upstream.write(`${lines.join('\r\n')}\r\n\r\n`);
    upstream.write(head);
    upstream.pipe(client);
    client.pipe(upstream);
  });
  for (const [one, other] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    one.on('error', () => other.destroy());
    one.on('close', () => other.destroy());
  }
}
