/** The first three actions of a person: reads the list, uploads, opens the live socket. */
import { WebSocket } from 'ws';
import { LIVE_PATH, LIVE_PROTOCOL } from '../../schemas/protocols/live-protocol.ts';
import type { UploadAnswer } from '../../schemas/protocols/http-api.ts';

/** The longest wait for an answer. A longer silence is a fault. */
const ANSWER_MS_MAX = 30_000;

/** The result of one call. */
export type Outcome =
  | { readonly kind: 'refused' | 'works' }
  /** A correct 503: JSON with a code, and `Retry-After`. */
  | { readonly kind: 'waits' }
  | {
      readonly kind: 'fault';
      readonly what: string;
      /** The connection was accepted and ended without an answer. */
      readonly isReset: boolean;
    };

/** A person who already has a session when Docket starts, as after a restart of Docket. */
export interface Caller {
  readonly url: string;
  readonly cookie: string;
}

/** `GET /api/jobs`. */
export async function readList({ url, cookie }: Caller): Promise<Outcome> {
  return called('GET /api/jobs', () => fetch(`${url}/api/jobs`, { headers: { cookie }, ...limited() }));
}

/** `POST /api/jobs` with one file; `onAccepted` receives the job when the upload is accepted. */
export async function upload(
  { url, cookie }: Caller,
  pdf: Uint8Array<ArrayBuffer>,
  onAccepted: (jobId: string) => void,
): Promise<Outcome> {
  const form = new FormData();
  form.append('files', new Blob([pdf], { type: 'application/pdf' }), 'invoice.pdf');
  const send = () =>
    fetch(`${url}/api/jobs`, { method: 'POST', body: form, headers: { cookie }, ...limited() });
  return called('POST /api/jobs', send, (body) => {
    for (const result of (JSON.parse(body) as UploadAnswer).results)
      if ('jobId' in result && result.jobId) onAccepted(result.jobId);
  });
}

/** Opens the live socket and says hello; it works when Docket says welcome. */
export async function openSocket({ url, cookie }: Caller): Promise<Outcome> {
  const socket = new WebSocket(new URL(LIVE_PATH, url.replace(/^http/, 'ws')), [LIVE_PROTOCOL], {
    headers: { cookie, origin: url },
    handshakeTimeout: ANSWER_MS_MAX,
  });
  try {
    return await new Promise<Outcome>((resolve) => {
      const silent = setTimeout(
        () => resolve(fault('live socket', `no welcome within ${ANSWER_MS_MAX / 1_000} s`)),
        ANSWER_MS_MAX,
      );
      silent.unref();
      socket.once('open', () => socket.send(JSON.stringify({ type: 'hello', protocol: LIVE_PROTOCOL })));
      socket.once('message', (message: Buffer) => {
        const { type } = JSON.parse(message.toString()) as { type: string };
        resolve(type === 'welcome' ? { kind: 'works' } : fault('live socket', `it said ${type}`));
      });
      socket.once('unexpected-response', (_request, response) => {
        const waits = response.statusCode === 503 && response.headers['retry-after'] !== undefined;
        resolve(waits ? { kind: 'waits' } : fault('live socket', `status ${response.statusCode ?? 0}`));
      });
      socket.on('close', (code) => resolve(fault('live socket', `closed with ${code} before the welcome`)));
      socket.on('error', (error) => resolve(ofError('live socket', error)));
    });
  } finally {
    socket.terminate();
  }
}

async function called(
  what: string,
  send: () => Promise<Response>,
  onWorks: (body: string) => void = () => undefined,
): Promise<Outcome> {
  try {
    const response = await send();
    const body = await response.text();
    if (response.ok) {
      onWorks(body);
      return { kind: 'works' };
    }
    const isSaid = response.status === 503 && response.headers.has('retry-after') && hasCode(body);
    return isSaid ? { kind: 'waits' } : fault(what, `${response.status} ${body.slice(0, 200)}`);
  } catch (error) {
    return ofError(what, error as Error);
  }
}

function hasCode(body: string): boolean {
  try {
    return typeof (JSON.parse(body) as { error?: { code?: unknown } }).error?.code === 'string';
  } catch {
    // A body that is not JSON has no code.
    return false;
  }
}

function ofError(what: string, error: Error): Outcome {
  const { code } = (error.cause ?? error) as NodeJS.ErrnoException;
  if (code === 'ECONNREFUSED') return { kind: 'refused' };
  return fault(what, code ?? error.message, code === 'ECONNRESET');
}

const fault = (what: string, how: string, isReset = false): Outcome => ({
  kind: 'fault',
  what: `${what}: ${how}`,
  isReset,
});
const limited = (): RequestInit => ({ signal: AbortSignal.timeout(ANSWER_MS_MAX) });
