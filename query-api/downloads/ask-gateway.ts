import { Readable } from 'node:stream';

/**
 * Most bytes of an answer. It is far more than any real explanation, picture of a page, or invoice in another format.
 */
const ANSWER_BYTES_MAX = 32 * 1024 * 1024;

/** A request to the gateway about a stored file, which is sent along. */
export interface GatewayQuestion {
  readonly address: URL;
  readonly jobId: string;
  readonly mediaType: string;
  readonly file: Readable;
  /** The header that `gatewayAuthorization` makes. */
  readonly authorization: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/**
 * Sends the file and returns the whole answer, with any status. The caller destroys the file.
 * @throws Error when the gateway cannot be reached in time, or its answer is longer than the limit
 */
export async function askGateway(question: GatewayQuestion): Promise<{ answer: Response; body: Buffer }> {
  const { address, jobId, mediaType, file, authorization, timeoutMs } = question;
  // A streamed body needs `duplex`, which the types do not have yet.
  const call: RequestInit & { duplex: 'half' } = {
    method: 'POST',
    headers: { 'content-type': mediaType, 'x-job-id': jobId, ...authorization },
    body: Readable.toWeb(file) as ReadableStream<Uint8Array>,
    duplex: 'half',
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  };
  const answer = await fetch(address, call);
  return { answer, body: await boundedBody(answer) };
}

async function boundedBody(answer: Response): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body ?? []) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX)
      throw new Error(`The gateway's answer is longer than ${ANSWER_BYTES_MAX} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
