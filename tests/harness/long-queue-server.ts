import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { WebSocketServer, type WebSocket } from 'ws';
import type { JobView, LimitsAnswer, MappingListing } from '../../schemas/protocols/http-api.ts';
import type { ClientFrame, ServerFrame } from '../../schemas/protocols/live-protocol.ts';
import { builtWebApp } from './built-web-app.ts';

const MEDIA_TYPES: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
};
const LIMITS: LimitsAnswer = {
  origins: [],
  maxUploadMb: 50,
  maxFilesPerRequest: 40,
  defaultMapping: 'pt_simon_invoice_v1',
};
/** One job has a name that is wider than a narrow screen. */
const MAPPINGS: MappingListing[] = [
  {
    id: 'pt_simon_invoice_v1',
    version: 1,
    label: 'Portuguese supplier invoice',
    default: true,
    mediaType: 'application/xml',
  },
  {
    id: 'long_v1',
    version: 1,
    label: 'Invoice with the structured original of its sender inside',
    default: false,
    mediaType: 'application/xml',
  },
];
const SNAPSHOT_ROWS = 500;
const FRAMES_PER_SEC = 20;

/**
 * Serves the web app with a queue of any length and any rate of changes. So a test shows the browser a very busy
 * installation without minutes of preparation. Frames have the form of `docket.live.v1`.
 */
export async function startLongQueue(jobs: number) {
  const dist = await builtWebApp();
  const rows = Array.from({ length: jobs }, (_, index) => jobOf(index));
  const followers = new Map<WebSocket, number>();
  let moment = 0;
  let ticking: ReturnType<typeof setInterval> | undefined;

  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    if (path === '/api/limits') return response.end(JSON.stringify(LIMITS));
    if (path === '/api/mappings') return response.end(JSON.stringify(MAPPINGS));
    const file = path === '/' ? 'index.html' : path;
    readFile(join(dist, file)).then(
      (body) => response.setHeader('Content-Type', MEDIA_TYPES[extname(file)] ?? 'image/svg+xml').end(body),
      () => response.writeHead(404).end(),
    );
  });
  const sockets = new WebSocketServer({ server, path: '/api/live', handleProtocols: () => 'docket.live.v1' });
  sockets.on('connection', (socket) => {
    const say = (frame: ServerFrame) => socket.send(JSON.stringify(frame));
    socket.on('close', () => followers.delete(socket));
    socket.on('message', (bytes: Buffer) => {
      const frame = JSON.parse(bytes.toString()) as ClientFrame;
      if (frame.type === 'hello') say({ type: 'welcome', protocol: 'docket.live.v1', heartbeatMs: 25_000 });
      if (frame.type !== 'subscribe') return;
      for (let start = 0; start < rows.length; start += SNAPSHOT_ROWS) {
        const more = start + SNAPSHOT_ROWS < rows.length;
        say({
          type: 'snapshot',
          id: frame.id,
          rows: rows.slice(start, start + SNAPSHOT_ROWS),
          more,
          token: `t${moment}`,
        });
      }
      followers.set(socket, frame.id);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  function change(count: number): void {
    const changed = Array.from({ length: count }, (_, index) => {
      const place = (moment * 977 + index * 131) % rows.length;
      const row = rows[place]!;
      return (rows[place] = {
        ...row,
        state: row.state === 'ready' ? 'converting' : 'ready',
        revision: row.revision + 1,
      });
    });
    const previous = `t${moment}`;
    moment += 1;
    const token = `t${moment}`;
    for (const [socket, id] of followers)
      socket.send(
        JSON.stringify({ type: 'delta', id, rows: changed, previous, token } satisfies ServerFrame),
      );
  }

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    changeEverySecond(updates: number) {
      ticking = setInterval(() => change(updates / FRAMES_PER_SEC), 1_000 / FRAMES_PER_SEC);
    },
    async stop() {
      clearInterval(ticking);
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      await new Promise<void>((resolve) => sockets.close(() => server.close(() => resolve())));
    },
  };
}

function jobOf(index: number): JobView {
  const at = new Date(Date.UTC(2026, 0, 1) + index * 60_000).toISOString();
  return {
    jobId: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
    filename: `invoice-${String(index).padStart(5, '0')}.pdf`,
    mapping: { id: 'pt_simon_invoice_v1', version: 1, label: 'Portuguese supplier invoice' },
    state: index % 3 === 0 ? 'converting' : 'ready',
    error: null,
    attempts: 1,
    bytes: 40_000 + index,
    pages: 1,
    warnings: [],
    parameters: null,
    result: { bytes: 8_000, mediaType: 'application/xml', sha256: 'a'.repeat(64) },
    convertedBy: { id: 'pt_simon_invoice_v1', version: 1, contentHash: 'b'.repeat(64) },
    convertedBefore: null,
    nextAttemptAt: null,
    createdAt: at,
    updatedAt: at,
    revision: 1,
    position: String(index),
  };
}
