/**
 * `npm run bench:api -- [users=100] [jobs=20] [seconds=60]`: people use the HTTP API of an installation as `npm start`
 * runs it. Each person has `jobs` converted invoices, sends one request, thinks for a second, and sends the next one.
 * Prints the latency of each kind of request as Markdown. Exits with 1 when a request fails, or when the 95th percentile
 * of one kind reaches 100 ms. Client and server share the machine.
 */
import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import { newApiUser, until, type ApiUser } from '../tests/harness/api-user.ts';
import { startInstallation } from '../tests/harness/installation.ts';
import { makeInvoicePdf } from '../tests/rooms/gateway/invoice-pdf.ts';
import { isActive } from '../schemas/job-states.ts';

const P95_MS_MAX = 100;
const THINK_MS = 1_000;
const UPLOADS_AT_ONCE = 4;
const CONVERTED_MS_MAX = 10 * 60_000;

const given = Object.fromEntries(process.argv.slice(2).map((text) => text.split('=') as [string, string]));
const users = Number(given['users'] ?? 100);
const jobsOfUser = Number(given['jobs'] ?? 20);
const seconds = Number(given['seconds'] ?? 60);

interface Person {
  readonly user: ApiUser;
  readonly jobIds: readonly string[];
}

/** One kind of request. The path depends on the person and on the number of the request. */
const KINDS: readonly { readonly name: string; readonly path: (person: Person, n: number) => string }[] = [
  { name: 'list', path: () => '/api/jobs?limit=50' },
  { name: 'one job', path: (person, n) => `/api/jobs/${jobOf(person, n)}` },
  { name: 'list by state', path: () => '/api/jobs?state=ready&limit=50' },
  { name: 'why', path: (person, n) => `/api/jobs/${jobOf(person, n)}/why` },
  { name: 'figures', path: () => '/api/jobs/metrics' },
  { name: 'download', path: (person, n) => `/api/jobs/${jobOf(person, n)}/download` },
];
const UPLOAD = 'upload';
const CYCLE = KINDS.length + 1;

function jobOf({ jobIds }: Person, n: number): string {
  return jobIds[n % jobIds.length]!;
}

const pdf = await makeInvoicePdf(1);
let documents = 0;
/** A document that nobody uploaded before: the same invoice with another comment at its end. */
function nextDocument(): { filename: string; bytes: Uint8Array<ArrayBuffer> } {
  documents += 1;
  return {
    filename: `${documents}.pdf`,
    bytes: new Uint8Array(Buffer.concat([pdf, Buffer.from(`\n% api ${documents}\n`)])),
  };
}

async function newPerson(url: string): Promise<Person> {
  const user = await newApiUser(url);
  const { status, answer } = await user.upload(Array.from({ length: jobsOfUser }, nextDocument));
  if (status !== 202) throw new Error(`the upload got ${status} ${JSON.stringify(answer)}`);
  return { user, jobIds: answer.results.flatMap((file) => ('jobId' in file ? [String(file.jobId)] : [])) };
}

const latencies = new Map<string, number[]>();
const failures: string[] = [];

async function send(person: Person, n: number): Promise<void> {
  const kind = KINDS[n % CYCLE];
  const startedMs = performance.now();
  let status: number;
  if (kind === undefined) ({ status } = await person.user.upload([nextDocument()]));
  else {
    const response = await person.user.request(kind.path(person, n));
    await response.arrayBuffer();
    ({ status } = response);
  }
  const name = kind?.name ?? UPLOAD;
  if (!latencies.has(name)) latencies.set(name, []);
  latencies.get(name)?.push(performance.now() - startedMs);
  if (status >= 400) failures.push(`${name} got ${status}`);
}

/** Sends requests until `seconds` have passed. People begin at different moments and with different requests. */
async function use(person: Person, index: number): Promise<void> {
  const untilMs = performance.now() + seconds * 1_000;
  await sleep((THINK_MS * index) / users);
  for (let n = index; performance.now() < untilMs; n += 1) {
    await send(person, n);
    await sleep(THINK_MS);
  }
}

function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

const installation = await startInstallation({
  // All people share one address here, so its limit of requests would stop them.
  env: { NODE_ENV: 'development', GATEWAY_CHILDREN: '2', REQUEST_RATE_PER_MINUTE: '1000000' },
});
try {
  const limit = pLimit(UPLOADS_AT_ONCE);
  const people = await Promise.all(
    Array.from({ length: users }, () => limit(() => newPerson(installation.url))),
  );
  for (const { user } of people)
    await until(
      'all jobs have an outcome',
      async () => (await user.jobs()).every((job) => !isActive(job.state)),
      CONVERTED_MS_MAX,
    );
  console.log(
    `Load ${loadavg()[0]?.toFixed(1)} at the beginning; ${users} people, ${users * jobsOfUser} jobs.\n`,
  );
  await Promise.all(people.map(use));

  console.log('| request | requests | p50, ms | p95, ms | p99, ms |');
  console.log('|---|---|---|---|---|');
  let worstMs = 0;
  for (const [name, values] of latencies) {
    worstMs = Math.max(worstMs, percentile(values, 0.95));
    const shown = [0.5, 0.95, 0.99].map((part) => percentile(values, part).toFixed(1)).join(' | ');
    console.log(`| ${name} | ${values.length} | ${shown} |`);
  }
  console.log(`\n${failures.length} failed.`);
  for (const failure of new Set(failures)) console.log(failure);
  process.exitCode = failures.length > 0 || worstMs >= P95_MS_MAX ? 1 : 0;
} finally {
  await installation.stop();
}
