/**
 * A gateway whose answers are scripted, as a process of its own so that a drill can stop and kill it. Control comes
 * over IPC (`tests/harness/scripted-gateway.ts`); every call goes to a log file before it is answered, so that the
 * log outlives a kill.
 *
 *   node tests/harness/scripted-gateway-process.ts PORT CALL_LOG
 */
import { createHash } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { GATEWAY_HEADERS, type GatewayMapping } from '../../schemas/protocols/gateway-protocol.ts';
import type { ScriptedAnswer, Script } from './scripted-gateway.ts';
import { sha256Of, sha256OfChunks } from '../../schemas/sha256.ts';

const [port = '0', callLog = '/dev/null'] = process.argv.slice(2);
const CHUNK = Buffer.alloc(64 * 1024, 'x');

/** The only mapping of this gateway. The script decides the result of each document. */
const MAPPINGS: readonly GatewayMapping[] = [
  {
    id: 'pt_simon_invoice_v1',
    version: 1,
    label: 'Invoice (PT)',
    default: true,
    contentHash: sha256Of('scripted'),
    mediaType: 'application/xml',
  },
];

let script: Script = {};
let calls = 0;
const CALLS_LOOKED_AT_EVERY_MS = 20;

function nextAnswer(jobId: string): ScriptedAnswer {
  const answer = script.byJob?.[jobId]?.shift() ?? script.queue?.shift() ?? script.otherwise;
  return answer ?? {};
}

async function convert(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const jobId = String(req.headers[GATEWAY_HEADERS.jobId.toLowerCase()] ?? '');
  const answer = nextAnswer(jobId);
  calls += 1;
  appendFileSync(callLog, `${JSON.stringify({ at: Date.now(), jobId, url: req.url })}\n`);
  if (answer.instead === 'reset') return void req.socket.destroy();
  const { sha256 } = await sha256OfChunks(req);
  if (answer.instead === 'hang') return;
  while (calls < (answer.afterCalls ?? 0) && !res.destroyed) await sleep(CALLS_LOOKED_AT_EVERY_MS);
  if (answer.delayMs !== undefined) await sleep(answer.delayMs);
  const body = Buffer.from(answer.body ?? `<?xml version="1.0"?>\n<Invoice><Job>${jobId}</Job></Invoice>\n`);
  writeHead(res, answer, body, sha256);
  if (answer.bytes !== undefined) await sendBytes(res, answer.bytes);
  else if (answer.trickleMs !== undefined) await trickle(res, body, answer.trickleMs);
  else if (answer.cutAfterBytes === undefined) res.end(body);
  else res.write(body.subarray(0, answer.cutAfterBytes), () => setTimeout(() => req.socket.destroy(), 20));
}

function writeHead(res: ServerResponse, answer: ScriptedAnswer, body: Buffer, sourceSha256: string): void {
  const digest = createHash('sha256').update(body).digest('base64');
  const isResult = (answer.status ?? 200) === 200;
  const headers: Record<string, string | null> = {
    'Content-Type': isResult ? 'application/xml' : 'application/json',
    'Content-Length': answer.bytes === undefined ? String(body.length) : null,
    ...(isResult
      ? {
          [GATEWAY_HEADERS.reprDigest]: `sha-256=:${digest}:`,
          [GATEWAY_HEADERS.sourceSha256]: sourceSha256,
          [GATEWAY_HEADERS.pages]: '1',
          [GATEWAY_HEADERS.conversionMs]: '3',
        }
      : {}),
    ...answer.headers,
  };
  for (const [name, value] of Object.entries(headers)) if (value !== null) res.setHeader(name, value);
  res.writeHead(answer.status ?? 200);
}

async function sendBytes(res: ServerResponse, bytes: number): Promise<void> {
  let wake = (): void => undefined;
  res.on('drain', () => wake()).on('close', () => wake());
  for (let sent = 0; sent < bytes && !res.destroyed; sent += CHUNK.length) {
    const room = new Promise<void>((resolve) => (wake = resolve));
    if (!res.write(CHUNK)) await room;
  }
  res.end();
}

async function trickle(res: ServerResponse, body: Buffer, everyMs: number): Promise<void> {
  for (const byte of body) {
    if (res.destroyed) return;
    res.write(Buffer.of(byte));
    await sleep(everyMs);
  }
  res.end();
}

const server = createServer((req, res) => {
  if (req.url === '/health') {
    appendFileSync(callLog, `${JSON.stringify({ at: Date.now(), jobId: null, url: req.url })}\n`);
    res.writeHead(script.healthStatus ?? 200, { 'Content-Type': 'application/json' });
    return void res.end('{"status":"ok","children":1,"busy":0,"waiting":0}');
  }
  if (req.url === '/v1/mappings') {
    res.writeHead(200, { 'Content-Type': 'application/json' });
    return void res.end(JSON.stringify(MAPPINGS));
  }
  convert(req, res).catch(() => res.destroy());
});
server.listen(Number(port), '127.0.0.1', () =>
  process.send?.({ port: (server.address() as AddressInfo).port }),
);
process.on('message', (message: { script: Script }) => {
  script = message.script;
  process.send?.({ scripted: true });
});
process.on('disconnect', () => process.exit(0));
