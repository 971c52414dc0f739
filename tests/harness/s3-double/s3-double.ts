import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { doubleBucket, type DoubleBucket } from './s3-double-bucket.ts';
import { faultPlan, type PlannedFault, type S3Fault } from './s3-double-faults.ts';
import { perform, understandRequest, type Answer, type Asked } from './s3-double-operations.ts';
import { readBody, understandPayload } from './s3-double-payload.ts';
import { refusalXml, S3Refusal } from './s3-double-refusals.ts';
import { verifySignature, type S3Credentials } from './s3-double-signature.ts';

/** One request as the double received it, in order of arrival. */
export interface SeenRequest {
  readonly operation: Asked['operation'];
  readonly key: string;
  readonly headers: IncomingMessage['headers'];
  status: number | 'none';
}

export interface S3Double {
  readonly endpoint: string;
  readonly bucket: string;
  readonly region: string;
  readonly credentials: S3Credentials;
  readonly stored: DoubleBucket;
  readonly seen: readonly SeenRequest[];
  plan(fault: PlannedFault): void;
  clearPlan(): void;
  close(): Promise<void>;
}

/**
 * A strict replacement for S3 with one bucket, path-style, on a free loopback port. It verifies every signature,
 * length, hash and checksum, and refuses everything that S3 refuses. It causes only the faults that a test has
 * planned. It stores nothing on disk.
 */
export async function startS3Double(): Promise<S3Double> {
  const known = {
    bucket: 'docket-test',
    region: 'eu-west-1',
    credentials: { accessKeyId: 'AKIDOUBLE', secretAccessKey: 'double/secret+key' },
  };
  const stored = doubleBucket();
  const plan = faultPlan();
  const seen: SeenRequest[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const asked = understandRequest(request);
    const { operation, key, headers } = asked;
    const entry: SeenRequest = { operation, key, headers, status: 'none' };
    seen.push(entry);
    const fault = plan.next(operation);
    if (fault?.kind === 'silence') return void request.resume();
    if (fault?.kind === 'reset') return void request.socket.destroy();
    try {
      // S3 reads the body before it refuses a write. Otherwise the client would see a broken pipe.
      const body = await readBody(request);
      if (fault?.kind === 'refuse') throw new S3Refusal(fault.code, 'As planned by the test.');
      verifySignature(request, known);
      const payload = understandPayload(headers, body, operation);
      if (asked.bucket !== known.bucket)
        throw new S3Refusal('NoSuchBucket', 'The specified bucket does not exist');
      const performed = perform(stored, asked, payload);
      entry.status = performed.status;
      if (fault?.kind === 'lost-reply') return void request.socket.destroy();
      if (fault?.kind === 'late-reply') await sleep(fault.ms);
      send(response, operation, performed, fault);
    } catch (error) {
      entry.status = refuse(request, response, error);
    }
  };
  const server = createServer((request, response) => {
    // A request that its client cut off needs no answer.
    request.on('error', () => undefined);
    answer(request, response).catch((error: unknown) => refuse(request, response, error));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    ...known,
    endpoint: `http://127.0.0.1:${port}`,
    stored,
    seen,
    plan: (planned) => plan.add(planned),
    clearPlan: () => plan.clear(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function send(
  response: ServerResponse,
  operation: Asked['operation'],
  answer: Answer,
  fault: S3Fault | null,
): void {
  const { status, headers = {}, body } = answer;
  const isXml = typeof body === 'string';
  response.writeHead(status, { ...(isXml && { 'Content-Type': 'application/xml' }), ...headers });
  if (!Buffer.isBuffer(body) || operation !== 'GetObject') return void response.end(body);
  if (fault?.kind === 'partial-read' || fault?.kind === 'stalled-read') {
    response.write(body.subarray(0, fault.bytes), () => {
      if (fault.kind === 'partial-read') response.destroy();
    });
    return;
  }
  response.end(fault?.kind === 'wrong-bytes' ? turned(body) : body);
}

/** Returns the same bytes with one flipped bit in the middle. */
function turned(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  const at = copy.length >> 1;
  copy.writeUInt8(copy.readUInt8(at) ^ 1, at);
  return copy;
}

function refuse(request: IncomingMessage, response: ServerResponse, error: unknown): number {
  const refusal =
    error instanceof S3Refusal
      ? error
      : new S3Refusal('InternalError', error instanceof Error ? error.message : 'unknown');
  const body = request.method === 'HEAD' ? '' : refusalXml(refusal, request.url ?? '/');
  if (!response.headersSent)
    response.writeHead(refusal.status, { 'Content-Type': 'application/xml' }).end(body);
  return refusal.status;
}
