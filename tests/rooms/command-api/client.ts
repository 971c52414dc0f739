/** What any answer of the write side may hold. */
export interface AnyBody {
  position?: string;
  jobId?: string;
  state?: string;
  error?: { code: string; message: string; requestId: string; jobId?: string };
  results: {
    filename?: string;
    jobId?: string;
    state?: string;
    deduplicated?: boolean;
    error?: { code: string; message: string };
  }[];
}

export interface Answered {
  readonly status: number;
  readonly body: AnyBody;
  /** The session to go on with. */
  readonly cookie: string;
  readonly headers: Headers;
}

export interface Asking {
  readonly cookie?: string;
  readonly headers?: Record<string, string>;
}

/** Sends a request and reads the JSON answer. */
export async function ask(
  url: string,
  init: { method: string; body?: FormData | string },
  asking: Asking = {},
): Promise<Answered> {
  const cookie = asking.cookie ? { Cookie: asking.cookie } : {};
  const answer = await fetch(url, { ...init, headers: { ...cookie, ...asking.headers } });
  const set = answer.headers.get('set-cookie')?.split(';')[0];
  const body = (await answer.json()) as AnyBody;
  return { status: answer.status, body, cookie: asking.cookie ?? set ?? '', headers: answer.headers };
}

/** `POST /api/jobs`. */
export function uploadTo(to: { url: string }, form: FormData, asking: Asking = {}): Promise<Answered> {
  return ask(`${to.url}/api/jobs`, { method: 'POST', body: form }, asking);
}
