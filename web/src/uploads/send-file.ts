import type { ErrorBody, StorageQuota } from '../../../schemas/errors/error-codes.ts';
import type { UploadAnswer } from '../../../schemas/protocols/http-api.ts';
import type { Upload } from './upload-list.ts';

/** Number of bytes in which `%PDF-` must start. The server decides; this check only prevents a useless upload. */
const LOOK_BYTES = 1024;
const MEBIBYTE = 1024 * 1024;

interface Refusal {
  readonly code: 'NOT_PDF' | 'TOO_LARGE' | 'EMPTY' | 'UNREADABLE';
  readonly again: boolean;
}

/**
 * Checks a file before the page sends it, and returns the fault or null. Only faults that are certain count, because
 * the server checks again in detail (R01: checks on both sides).
 */
export async function checkFile(file: Blob, maxUploadMb: number): Promise<Refusal | null> {
  if (file.size === 0) return { code: 'EMPTY', again: false };
  if (file.size > maxUploadMb * MEBIBYTE) return { code: 'TOO_LARGE', again: false };
  try {
    const start = new Uint8Array(await file.slice(0, LOOK_BYTES).arrayBuffer());
    return looksLikePdf(start) ? null : { code: 'NOT_PDF', again: false };
  } catch {
    return { code: 'UNREADABLE', again: true };
  }
}

/** True when `%PDF-` (ISO 32000-2, 7.5.2) is anywhere in the bytes. */
function looksLikePdf(start: Uint8Array): boolean {
  return new TextDecoder('latin1').decode(start).includes('%PDF-');
}

export type Sent =
  | { readonly kind: 'accepted'; readonly jobId: string; readonly deduplicated: boolean }
  /** `again` is true when the same file may be sent another time. */
  | {
      readonly kind: 'refused';
      readonly code: string;
      readonly message: string;
      readonly again: boolean;
      /** Set when the code is `QUOTA_EXCEEDED`. */
      readonly quota?: StorageQuota;
    }
  /** The server did not refuse the file: the connection broke, or the server stayed busy. */
  | { readonly kind: 'interrupted'; readonly code: string; readonly waitMs: number }
  | { readonly kind: 'aborted' };

const TRY_LATER = [408, 429, 502, 503, 504];
const FINAL_CODES = ['NOT_PDF', 'TOO_LARGE', 'FORBIDDEN'];

/**
 * Sends one file by XMLHttpRequest, which reports progress, unlike `fetch`. A time limit or the signal ends the
 * request. The function never throws for an answer of the server.
 */
export function sendFile(
  file: File,
  { mapping, parameters }: Pick<Upload, 'mapping' | 'parameters'>,
  onProgress: (sentBytes: number) => void,
  signal: AbortSignal,
): Promise<Sent> {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    signal.addEventListener('abort', abort, { once: true });
    request.upload.onprogress = (event) => onProgress(Math.floor((event.loaded / event.total) * file.size));
    request.onerror = () => resolve({ kind: 'interrupted', code: 'NETWORK', waitMs: 0 });
    request.onabort = () => resolve({ kind: 'aborted' });
    request.onload = () =>
      resolve(understood(request.status, request.responseText, request.getResponseHeader('Retry-After')));
    request.onloadend = () => signal.removeEventListener('abort', abort);
    const form = new FormData();
    form.append('mapping', mapping);
    for (const [name, value] of Object.entries(parameters)) form.append(`param.${name}`, value);
    form.append('files', file, file.name);
    request.open('POST', '/api/jobs');
    request.setRequestHeader('Accept', 'application/json');
    request.send(form);
  });
}

/** Interprets the answer to one file. */
export function understood(status: number, body: string, retryAfter: string | null): Sent {
  const answer = parsed(body);
  const [result] = answer.results ?? [];
  if (result !== undefined && 'jobId' in result)
    return { kind: 'accepted', jobId: result.jobId, deduplicated: result.deduplicated };
  const error = result?.error ?? answer.error;
  const code = error?.code ?? (status >= 500 ? 'UNAVAILABLE' : 'BAD_REQUEST');
  if (TRY_LATER.includes(status))
    return { kind: 'interrupted', code, waitMs: Number(retryAfter ?? 0) * 1_000 || 0 };
  const again = !FINAL_CODES.includes(code);
  const quota = error?.quota === undefined ? {} : { quota: error.quota };
  return { kind: 'refused', code, message: error?.message ?? '', again, ...quota };
}

function parsed(body: string): Partial<UploadAnswer> & Partial<ErrorBody> {
  try {
    return JSON.parse(body) as Partial<UploadAnswer> & Partial<ErrorBody>;
  } catch {
    // The body is a page of a proxy, so only its status is usable.
    return {};
  }
}
