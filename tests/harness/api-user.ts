import type { JobListAnswer, JobView, UploadAnswer } from '../../schemas/protocols/http-api.ts';

export interface Upload {
  readonly filename: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A person with a session, who uses the HTTP API as a browser does. */
export interface ApiUser {
  /** The `Cookie` header of the session. */
  cookie(): string;
  request(path: string, init?: RequestInit): Promise<Response>;
  upload(files: readonly Upload[], mapping?: string): Promise<{ status: number; answer: UploadAnswer }>;
  /** Returns every job, page by page. */
  jobs(atLeast?: string): Promise<JobView[]>;
  job(jobId: string): Promise<JobView>;
  download(jobId: string): Promise<Response>;
}

/** Opens the page, and thus gets a session. */
export async function newApiUser(url: string): Promise<ApiUser> {
  const landing = await fetch(url);
  await landing.arrayBuffer();
  const cookie = landing.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');
  const request = (path: string, init: RequestInit = {}) =>
    fetch(new URL(path, url), { ...init, headers: { ...(init.headers as Record<string, string>), cookie } });

  async function jobs(atLeast?: string): Promise<JobView[]> {
    const all: JobView[] = [];
    for (let after: string | null = ''; after !== null;) {
      const query = new URLSearchParams({
        limit: '200',
        ...(after ? { after } : {}),
        ...(atLeast ? { atLeast } : {}),
      });
      const response = await request(`/api/jobs?${query.toString()}`);
      if (!response.ok) throw new Error(`GET /api/jobs: ${response.status} ${await response.text()}`);
      const page = (await response.json()) as JobListAnswer;
      all.push(...page.jobs);
      after = page.next;
    }
    return all;
  }

  return {
    cookie: () => cookie,
    request,
    jobs,
    job: async (jobId) => (await (await request(`/api/jobs/${jobId}`)).json()) as JobView,
    download: (jobId) => request(`/api/jobs/${jobId}/download`),
    upload: async (files, mapping) => {
      const form = new FormData();
      if (mapping) form.set('mapping', mapping);
      for (const { filename, bytes } of files)
        form.append('files', new Blob([bytes], { type: 'application/pdf' }), filename);
      const response = await request('/api/jobs', { method: 'POST', body: form });
      return { status: response.status, answer: (await response.json()) as UploadAnswer };
    },
  };
}

/** Waits until `done` returns true. */
export async function until(what: string, done: () => Promise<boolean>, withinMs: number): Promise<void> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    if (await done()) return;
    if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
