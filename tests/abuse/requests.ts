import { randomBytes, randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';

/** One request of an anonymous client with bad intentions. */
export interface Abuse {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** The status of the only right answer. */
  readonly status: number;
}

/** The legitimate possessions of the client: a session and one ready job. */
export interface OwnJob {
  readonly cookie: string;
  readonly jobId: string;
  readonly pdf: Buffer;
}

const BOUNDARY = 'abuse';
const REFUSED_FILES = 10;
const ANSWER_MS_MAX = 120_000;

/**
 * The kinds of abuse. Each request is a new one: keys for commands that change nothing, forms that are refused with a
 * key and without, and sessions that nobody uses again.
 */
export function kindsOfAbuse(own: OwnJob): readonly (() => Abuse)[] {
  const key = (): Record<string, string> => ({ 'Idempotency-Key': randomBytes(100).toString('hex') });
  const cookie = { Cookie: own.cookie };
  const form = { 'Content-Type': `multipart/form-data; boundary=${BOUNDARY}` };
  const letter = Buffer.from('Dear Sir or Madam,');
  const letters = formOf(Array.from({ length: REFUSED_FILES }, () => letter));
  const foreignMapping = formOf([own.pdf], 'no_such_mapping');
  const known = formOf([own.pdf]);
  return [
    () => post('key for a job that is not there', `/api/jobs/${randomUUID()}/cancel`, 404, key()),
    () =>
      post('key for a command that is refused', `/api/jobs/${own.jobId}/cancel`, 409, {
        ...key(),
        ...cookie,
      }),
    () => ({
      ...post('key for many jobs that are not there', '/api/jobs/retry', 200, {
        ...key(),
        'Content-Type': 'application/json',
      }),
      body: Buffer.from(JSON.stringify({ jobIds: Array.from({ length: 20 }, () => randomUUID()) })),
    }),
    () => ({ ...post('refused form', '/api/jobs', 400, form), body: letters }),
    () => ({ ...post('refused form with a key', '/api/jobs', 400, { ...form, ...key() }), body: letters }),
    () => ({ ...post('form of no mapping', '/api/jobs', 400, form), body: foreignMapping }),
    () => ({
      ...post('form with a key of a file that is a job', '/api/jobs', 200, { ...form, ...key(), ...cookie }),
      body: known,
    }),
    () => ({ name: 'new session', method: 'GET', path: '/api/jobs', headers: {}, status: 200 }),
    () => ({
      name: 'forged session',
      method: 'GET',
      path: `/api/jobs/${own.jobId}`,
      status: 404,
      headers: { Cookie: `docket=${randomBytes(60).toString('base64url')}` },
    }),
  ];
}

function post(name: string, path: string, status: number, headers: Record<string, string>): Abuse {
  return { name, method: 'POST', path, headers, status };
}

function formOf(files: readonly Buffer[], mapping?: string): Buffer {
  const field = (disposition: string, type: string, value: Buffer): Buffer =>
    Buffer.concat([
      Buffer.from(`--${BOUNDARY}\r\nContent-Disposition: form-data; ${disposition}\r\n${type}\r\n`),
      value,
      Buffer.from('\r\n'),
    ]);
  return Buffer.concat([
    ...(mapping === undefined ? [] : [field('name="mapping"', '', Buffer.from(mapping))]),
    ...files.map((file, n) =>
      field(`name="files"; filename="${n}.pdf"`, 'Content-Type: application/pdf\r\n', file),
    ),
    Buffer.from(`--${BOUNDARY}--\r\n`),
  ]);
}

/** Sends the request and returns the status. The body of the answer is read and dropped. */
export function send(url: string, abuse: Abuse, agent: Agent): Promise<number> {
  const { method, path, body, headers } = abuse;
  return new Promise((resolve, reject) => {
    const asked = request(
      new URL(path, url),
      {
        method,
        agent,
        timeout: ANSWER_MS_MAX,
        headers: { ...headers, ...(method === 'POST' ? { 'Content-Length': body?.length ?? 0 } : {}) },
      },
      (answer) => {
        answer.resume();
        answer.once('error', reject);
        answer.once('end', () => resolve(answer.statusCode ?? 0));
      },
    );
    asked.once('timeout', () => asked.destroy(new Error('no answer')));
    asked.once('error', reject);
    asked.end(body);
  });
}
