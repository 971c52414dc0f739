import { randomBytes } from 'node:crypto';
import { newOwner, PLAIN_COOKIE, sealSession } from '../../identity/session-cookie.ts';
import { keysFor } from '../../identity/signing-keys.ts';
import type { UploadAnswer } from '../../schemas/protocols/http-api.ts';
import type { DrillInstallation } from './drill-installation.ts';
import { DRILL_SECRET } from './drill-settings.ts';
import { DrillFailed } from './claims.ts';
import { timeLimit, stretched } from '../harness/machine-time.ts';

export { newOwner };

const KEYS = keysFor([DRILL_SECRET], 'session');

/** The `Cookie` header of an owner, valid at every process of the installation. */
export function cookieOf(owner: string): string {
  return `${PLAIN_COOKIE}=${sealSession(owner, KEYS, Date.now())}`;
}

export interface UploadOptions {
  readonly owner?: string;
  readonly bytes?: Uint8Array;
  readonly key?: string;
  readonly filename?: string;
  /** Address of the command-api; by default the address of the whole installation. */
  readonly at?: string;
  readonly timeoutMs?: number;
  /** Address of the client, as a trusted proxy names it. */
  readonly from?: string;
}

export interface Uploaded {
  readonly status: number;
  readonly jobId: string | null;
  readonly retryAfter: string | null;
  readonly text: string;
}

/** Makes a small PDF that differs from every other. */
export function anyPdf(bytes = 600): Buffer {
  const head = Buffer.from(
    `%PDF-1.7\n% ${randomBytes(12).toString('hex')}\n1 0 obj\n<</Type/Catalog>>\nendobj\n`,
  );
  const tail = Buffer.from('\nxref\n0 1\ntrailer\n<</Size 1>>\nstartxref\n9\n%%EOF\n');
  return Buffer.concat([
    head,
    Buffer.alloc(Math.max(0, bytes - head.length - tail.length), '% padding \n'),
    tail,
  ]);
}

/**
 * Uploads one file as a client does, and notes the confirmation.
 * @throws when there is no answer
 */
export async function tryUpload(
  installation: DrillInstallation,
  options: UploadOptions = {},
): Promise<Uploaded> {
  const owner = options.owner ?? newOwner();
  const form = new FormData();
  const bytes = options.bytes ?? anyPdf();
  form.append(
    'files',
    new Blob([new Uint8Array(bytes)], { type: 'application/pdf' }),
    options.filename ?? 'a.pdf',
  );
  const response = await fetch(new URL('/api/jobs', options.at ?? installation.rest?.url), {
    method: 'POST',
    body: form,
    headers: {
      cookie: cookieOf(owner),
      ...(options.key ? { 'Idempotency-Key': options.key } : {}),
      ...(options.from ? { 'X-Forwarded-For': options.from } : {}),
    },
    signal: AbortSignal.timeout(stretched(options.timeoutMs ?? ANSWER_MS_MAX)),
  });
  const text = await response.text();
  const answer = JSON.parse(text) as Partial<UploadAnswer>;
  const [result] = answer.results ?? [];
  const jobId = result !== undefined && 'jobId' in result ? (result.jobId ?? null) : null;
  if (jobId !== null && (response.status === 200 || response.status === 202))
    installation.acknowledged.set(jobId, owner);
  return { status: response.status, jobId, retryAfter: response.headers.get('retry-after'), text };
}

/** Longest time for which a client repeats an upload. */
const WAIT_MS_MAX = 40_000;
const ANSWER_MS_MAX = 20_000;
const AGAIN_AFTER_MS = 200;

/**
 * An upload as a patient client makes it: after 503, no answer or a try of its own that still runs again, under one key. Answers the job.
 * @throws DrillFailed for any other refusal, and when its time is over
 */
export async function upload(
  installation: DrillInstallation,
  options: UploadOptions = {},
  onRefused: (answer: Uploaded | Error) => void = () => undefined,
): Promise<string> {
  const asked = { owner: newOwner(), bytes: anyPdf(), key: randomBytes(12).toString('hex'), ...options };
  for (const isOver = timeLimit(WAIT_MS_MAX); ;) {
    const answer = await tryUpload(installation, asked).catch((error: unknown) => error as Error);
    if (!(answer instanceof Error) && answer.jobId !== null) return answer.jobId;
    onRefused(answer);
    const said =
      answer instanceof Error
        ? `${answer.message} ${(answer.cause as Error | undefined)?.message ?? ''}`
        : `${answer.status} ${answer.text}`;
    // 409: an earlier try under this key, which this client gave up, is still being carried out.
    const isPassing = answer instanceof Error || answer.status === 503 || answer.status === 409;
    if (!isPassing || isOver()) throw new DrillFailed(`an upload was answered ${said.slice(0, 300)}`);
    await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER_MS));
  }
}

/** Sends a request of an owner to one of the processes. */
export function request(at: string, owner: string, path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(new URL(path, at), {
    signal: AbortSignal.timeout(stretched(ANSWER_MS_MAX)),
    ...init,
    headers: { ...(init.headers as Record<string, string>), cookie: cookieOf(owner) },
  });
}
