import { connect } from 'node:net';
import { request } from 'node:https';
import { makeInvoicePdf } from '../rooms/gateway/invoice-pdf.ts';
import { until, type ApiUser } from '../harness/api-user.ts';

const READY_MS_MAX = 120_000;
const CONNECT_MS_MAX = 1_000;

let made = 0;

/** Uploads the given number of different invoices, and returns their jobs. */
export async function upload(user: ApiUser, count: number): Promise<string[]> {
  const numbers = Array.from({ length: count }, () => (made += 1));
  const files = await Promise.all(
    numbers.map(async (seed) => ({
      filename: `invoice-${seed}.pdf`,
      bytes: new Uint8Array(await makeInvoicePdf(seed)),
    })),
  );
  const { status, answer } = await user.upload(files);
  if (status !== 202) throw new Error(`the upload was answered ${status}: ${JSON.stringify(answer)}`);
  return answer.results.map((line) => {
    if ('error' in line) throw new Error(`${line.filename}: ${line.error.message}`);
    return line.jobId;
  });
}

export async function untilReady(user: ApiUser, jobs: readonly string[]): Promise<void> {
  const isReady = async (): Promise<boolean> => {
    const rows = await user.jobs().catch(() => []);
    const ready = new Set(rows.filter(({ state }) => state === 'ready').map(({ jobId }) => jobId));
    return jobs.every((job) => ready.has(job));
  };
  await until(`${jobs.length} jobs are Ready`, isReady, READY_MS_MAX);
}

/** Strict-Transport-Security of an answer over TLS, '' without it, null while nobody answers with 200. */
export function hstsOf(port: number): Promise<string | null> {
  return new Promise((resolve) => {
    // The edge has its own authority for this host name. This test is only about the header, so the certificate is
    // not checked.
    const asked = request(
      { host: 'localhost', port, servername: 'localhost', rejectUnauthorized: false },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode === 200 ? (answer.headers['strict-transport-security'] ?? '') : null);
      },
    );
    asked.setTimeout(CONNECT_MS_MAX, () => asked.destroy());
    asked.on('error', () => resolve(null));
    asked.end();
  });
}

export function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: CONNECT_MS_MAX });
    const end = (is: boolean): void => {
      socket.destroy();
      resolve(is);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}
