import type { ErrorBody } from '../../../schemas/errors/error-codes.ts';

/** An answer that was not expected. `code` is the code of the server, or `NETWORK` when there was no answer. */
export class ApiFailure extends Error {
  readonly code: string;
  readonly status: number;
  readonly retryable: boolean;

  constructor(code: string, status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ApiFailure';
    this.code = code;
    this.status = status;
    this.retryable = status === 0 || status === 429 || status >= 500;
  }
}

/** Longest wait for an answer of the API. */
const ANSWER_MAX_MS = 15_000;

/**
 * Requests JSON.
 * @throws ApiFailure
 */
export async function askJson<Answer>(path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await ask(path, init);
  const body: unknown = await response.json().catch(() => null);
  if (response.ok && body !== null) return body as Answer;
  throw failureOf(response, body);
}

/**
 * Requests a text of any type.
 * @throws ApiFailure
 */
export async function askText(path: string): Promise<string> {
  const response = await ask(path, {});
  if (response.ok) return response.text();
  throw failureOf(response, await response.json().catch(() => null));
}

async function ask(path: string, init: RequestInit): Promise<Response> {
  const signal = AbortSignal.timeout(ANSWER_MAX_MS);
  return fetch(path, {
    signal,
    ...init,
    headers: { Accept: 'application/json', ...init.headers },
  }).catch((cause: unknown) => {
    throw new ApiFailure('NETWORK', 0, 'no answer', { cause });
  });
}

function failureOf(response: Response, body: unknown): ApiFailure {
  const error = (body as ErrorBody | null)?.error;
  return new ApiFailure(
    error?.code ?? 'UNAVAILABLE',
    response.status,
    error?.message ?? `status ${response.status}`,
  );
}

export function postJson<Answer>(path: string, body: unknown): Promise<Answer> {
  return askJson<Answer>(path, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'Content-Type': 'application/json' },
  });
}
