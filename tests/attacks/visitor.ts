import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ErrorBody } from '../../schemas/errors/error-codes.ts';
import type { JobListAnswer, JobView, UploadAnswer } from '../../schemas/protocols/http-api.ts';
import { within } from '../drills/claims.ts';
import { stretched } from '../harness/machine-time.ts';
import { newApiUser, type ApiUser } from '../harness/api-user.ts';
import type { Target } from './targets.ts';

const ANSWER_MS_MAX = 30_000;
const FINAL_MS_MAX = 60_000;

/** An answer, read whole. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The code of the error, or null for what is no error of ours as JSON. */
  readonly code: string | null;
}

/** One file of a form. */
export interface SentFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly mediaType?: string;
}

/** Somebody with a session of their own. */
export interface Visitor extends Pick<ApiUser, 'cookie'> {
  ask(path: string, init?: RequestInit): Promise<Answer>;
  /** The body of an answer as it is. */
  bytes(path: string): Promise<Buffer>;
  upload(files: readonly SentFile[], fields?: Readonly<Record<string, string>>): Promise<Uploaded>;
  /** The first page of the queue. */
  jobs(): Promise<readonly JobView[]>;
  /** The job once it is ready, failed or cancelled. */
  finalJob(jobId: string): Promise<JobView>;
}

export interface Uploaded extends Answer {
  /** Of the first file, when it was taken. */
  readonly jobId: string | null;
  /** Whether the first file was known before. */
  readonly deduplicated: boolean | null;
}

/**
 * Opens the page, and with it a session.
 * @param more headers of every request, such as those of a proxy
 */
export async function newVisitor(
  { url }: Target,
  more: Readonly<Record<string, string>> = {},
): Promise<Visitor> {
  const person = await newApiUser(url);
  const ask: Visitor['ask'] = async (path, init = {}) =>
    read(
      await person.request(path, {
        redirect: 'manual',
        signal: patientSignal(),
        ...init,
        headers: { ...more, ...(init.headers as Record<string, string>) },
      }),
    );
  return {
    ask,
    cookie: () => person.cookie(),
    bytes: async (path) => Buffer.from(await (await person.request(path)).arrayBuffer()),
    upload: async (files, fields = {}) => {
      const form = new FormData();
      for (const [name, value] of Object.entries(fields)) form.set(name, value);
      for (const { name, bytes, mediaType = 'application/pdf' } of files)
        form.append('files', new Blob([new Uint8Array(bytes)], { type: mediaType }), name);
      const answer = await ask('/api/jobs', { method: 'POST', body: form });
      const [first] = (parsed(answer.text) as Partial<UploadAnswer> | null)?.results ?? [];
      const isTaken = first !== undefined && 'jobId' in first;
      return {
        ...answer,
        jobId: isTaken ? first.jobId : null,
        deduplicated: isTaken ? first.deduplicated : null,
        code: first !== undefined && 'error' in first ? first.error.code : answer.code,
      };
    },
    jobs: async () => (parsed((await ask('/api/jobs')).text) as JobListAnswer).jobs,
    finalJob: async (jobId) => {
      let job: JobView | null = null;
      await within(FINAL_MS_MAX, `the job ${jobId} has an end`, async () => {
        job = parsed((await ask(`/api/jobs/${jobId}`)).text) as JobView | null;
        return ['ready', 'failed', 'cancelled'].includes(job?.state ?? '');
      });
      return job as unknown as JobView;
    },
  };
}

/** A request of nobody in particular. */
export async function ask({ url }: Target, path: string, init: RequestInit = {}): Promise<Answer> {
  return read(await fetch(new URL(path, url), { redirect: 'manual', signal: patientSignal(), ...init }));
}

/** The `error.code` of a body of ours, or null. */
export function codeIn(text: string): string | null {
  return (parsed(text) as Partial<ErrorBody> | null)?.error?.code ?? null;
}

/** The stored PDFs of an instance of our own, finished or not; null when its folder is not known. */
export async function storedPdfs({ installation }: Target): Promise<number | null> {
  if (installation === null) return null;
  const folders = ['sources', '.partial'].map((name) => join(installation.dataDir, 'blobs', name));
  const names = await Promise.all(folders.map((folder) => readdir(folder).catch(absentIsEmpty)));
  return names.flat().length;
}

function absentIsEmpty(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return [];
  throw error;
}

function patientSignal(): AbortSignal {
  return AbortSignal.timeout(stretched(ANSWER_MS_MAX));
}

async function read(response: Response): Promise<Answer> {
  const { status, headers } = response;
  const text = await response.text();
  return { status, headers, text, code: codeIn(text) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // A body that is no JSON has no fields to read.
    return null;
  }
}
