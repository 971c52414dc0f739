import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../cli/up/free-port.ts';
import { newOwner, PLAIN_COOKIE, sealSession } from '../../identity/session-cookie.ts';
import { keysFor } from '../../identity/signing-keys.ts';
import type { Readiness } from '../../runtime/service.ts';
import type { JobListAnswer, UploadAnswer } from '../../schemas/protocols/http-api.ts';
import { until } from './api-user.ts';

const DOCKET = join(import.meta.dirname, '..', '..', 'cli', 'docket.ts');
const SECRET = 'a secret for tests that is long enough to be one';
const READY_MS_MAX = 90_000;
const SETTLE_MS_MAX = 90_000;
const AGAIN_AFTER_MS = 100;
/** Number of people who upload at the same time. */
const UPLOADERS = 4;

/** All services on one Postgres, with a person who uses them. */
export interface ServedOnPostgres {
  /** Returns the answer of `/ready`. */
  ready(): Promise<{ ready: boolean; services: ({ service: string } & Readiness)[] }>;
  /**
   * Uploads until `enough` returns true, and repeats requests that were answered with 503. Returns the ids of the
   * jobs.
   */
  uploadUntil(enough: (taken: number) => boolean): Promise<string[]>;
  /** Waits until the list shows each of these jobs as ready. */
  untilListed(jobIds: readonly string[]): Promise<void>;
  /** Requests the list once; returns the status. */
  list(): Promise<number>;
  /** Every status of the answers so far. */
  statuses(): number[];
  stop(): Promise<void>;
}

/** Starts the services and waits until they are ready. */
export async function serveOnPostgres(environment: {
  readonly DATABASE_URL: string;
  readonly EVENTSTORE_URL: string;
  readonly GATEWAY_URL: string;
}): Promise<ServedOnPostgres> {
  const folder = await mkdtemp(join(tmpdir(), 'docket-served-'));
  const port = await freePort();
  const healthPort = await freePort();
  const child = spawn(process.execPath, [DOCKET, 'serve', 'all'], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      LOG_LEVEL: 'silent',
      EXIT_WITH_PARENT: '1',
      HOST: '127.0.0.1',
      PORT: String(port),
      HEALTH_CHECK_PORT: String(healthPort),
      DATA_DIR: folder,
      // On a fast machine, one person may not upload enough. This test is about the connections to Postgres.
      UPLOAD_RATE_PER_MINUTE: '1000000',
      REQUEST_RATE_PER_MINUTE: '10000000',
      SESSION_SECRET: SECRET,
      ...environment,
    },
  });
  const ended = once(child, 'exit');
  const owner = newOwner();
  const statuses = new Set<number>();
  const request = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const cookie = `${PLAIN_COOKIE}=${sealSession(owner, keysFor([SECRET], 'session'), Date.now())}`;
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { ...init, headers: { cookie } });
    statuses.add(answer.status);
    return answer;
  };
  const upload = async (): Promise<string> => {
    const bytes = pdf();
    for (;;) {
      const form = new FormData();
      form.append('files', new Blob([bytes], { type: 'application/pdf' }), 'a.pdf');
      const answer = await request('/api/jobs', { method: 'POST', body: form });
      const { results = [] } = (await answer.json()) as Partial<UploadAnswer>;
      const [result] = results;
      if (result !== undefined && 'jobId' in result && result.jobId) return result.jobId;
      if (answer.status !== 503) throw new Error(`an upload was answered ${answer.status}`);
      await sleep(AGAIN_AFTER_MS);
    }
  };
  const served: ServedOnPostgres = {
    ready: async () =>
      (await (await fetch(`http://127.0.0.1:${healthPort}/ready`)).json()) as Awaited<
        ReturnType<ServedOnPostgres['ready']>
      >,
    uploadUntil: async (enough) => {
      const taken: string[] = [];
      const uploader = async (): Promise<void> => {
        while (!enough(taken.length)) taken.push(await upload());
      };
      await Promise.all(Array.from({ length: UPLOADERS }, uploader));
      return taken;
    },
    untilListed: (jobIds) =>
      until(
        'every job is listed as ready',
        async () => {
          const states = new Map<string, string>();
          for (let after: string | null = ''; after !== null;) {
            const more: string = after && `&after=${encodeURIComponent(after)}`;
            const answer = await request(`/api/jobs?limit=200${more}`);
            if (answer.status !== 200) return false;
            const page = (await answer.json()) as JobListAnswer;
            for (const { jobId, state } of page.jobs) states.set(jobId, state);
            after = page.next;
          }
          return jobIds.every((jobId) => states.get(jobId) === 'ready');
        },
        SETTLE_MS_MAX,
      ),
    list: async () => (await request('/api/jobs')).status,
    statuses: () => [...statuses],
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
  const isReady = () =>
    served.ready().then(
      ({ ready }) => ready,
      () => false,
    );
  await until('ready', isReady, READY_MS_MAX);
  return served;
}

/** Makes a small PDF that differs from every other. */
function pdf(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(
    Buffer.from(
      `%PDF-1.7\n% ${randomBytes(12).toString('hex')}\n1 0 obj\n<</Type/Catalog>>\nendobj\n` +
        'xref\n0 1\ntrailer\n<</Size 1>>\nstartxref\n9\n%%EOF\n',
    ),
  );
}
