import { Readable } from 'node:stream';
import { gatewayAuthorization } from '../../runtime/settings/gateway-token.ts';
import { ApiError } from '../../runtime/http/api-error.ts';
import { gatewayRefusalSchema } from '../../schemas/protocols/gateway-protocol.ts';
import { fairTurns, TurnRefused } from './fair-turns.ts';

/**
 * Most bytes of an answer. It is far more than any real explanation, picture of a page, or invoice in another format.
 */
const ANSWER_BYTES_MAX = 32 * 1024 * 1024;
/**
 * The gateway works on two files for users at the same time, because conversions come first. A further request of a
 * user with 20 waiting ones is refused, with a time for a retry.
 */
const TURNS = { atOnceMax: 2, waitingOfOneMax: 20, waitingMax: 400 };
const AGAIN_SEC = 2;

/** Where the gateway is. Without an address every request fails with UNAVAILABLE. */
export interface GatewayPlace {
  readonly gatewayUrl: string | undefined;
  readonly token?: string | undefined;
  /** Longest wait for one answer. */
  readonly timeoutMs: number;
}

/** A request to the gateway about a stored file, which is sent along. */
export interface GatewayQuestion {
  /** Path and query. */
  readonly path: string;
  readonly jobId: string;
  readonly mediaType: string;
  readonly open: () => Promise<Readable>;
  /** Sentences for a user who has too many requests, and for one whose request failed for now. */
  readonly busy: string;
  readonly failed: string;
  /** The final refusal in an answer of the gateway; null when the request may succeed later. */
  readonly refusalOf: (
    status: number,
    refusal: { code: string; message: string } | undefined,
  ) => ApiError | null;
}

/**
 * Asks the gateway over HTTP, with a file from the blob store, and caches nothing. Users take turns.
 * @returns a function of the user whose turn the request takes, and the request; it throws ApiError
 */
export function askGateway({ gatewayUrl, token, timeoutMs }: GatewayPlace) {
  const takeTurn = fairTurns(TURNS);
  const authorization = gatewayAuthorization(token);

  const ask = async (
    question: GatewayQuestion,
    address: URL,
  ): Promise<{ body: Buffer; mediaType: string }> => {
    const file = await question.open();
    try {
      // A streamed body needs `duplex`, which the types do not have yet.
      const call: RequestInit & { duplex: 'half' } = {
        method: 'POST',
        headers: { 'content-type': question.mediaType, 'x-job-id': question.jobId, ...authorization },
        body: Readable.toWeb(file) as ReadableStream<Uint8Array>,
        duplex: 'half',
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
      };
      const answer = await fetch(address, call);
      const body = await boundedBody(answer);
      if (answer.ok)
        return { body, mediaType: (answer.headers.get('content-type') ?? '').split(';')[0] ?? '' };
      const refused = question.refusalOf(answer.status, refusalIn(body));
      throw refused ?? new Error(`the gateway answered ${answer.status}`);
    } finally {
      file.destroy();
    }
  };
  return async (asker: string, question: GatewayQuestion) => {
    if (gatewayUrl === undefined) throw new ApiError('UNAVAILABLE');
    try {
      return await takeTurn(asker, () => ask(question, new URL(question.path, gatewayUrl)));
    } catch (error) {
      if (error instanceof ApiError) throw error;
      const message = error instanceof TurnRefused ? question.busy : question.failed;
      throw new ApiError('UNAVAILABLE', message, { cause: error, retryAfterSec: AGAIN_SEC });
    }
  };
}

/** Undefined for an answer that is not the gateway's. */
function refusalIn(body: Buffer) {
  try {
    return gatewayRefusalSchema.safeParse(JSON.parse(body.toString())).data;
  } catch {
    return undefined;
  }
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
