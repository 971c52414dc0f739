/**
 * `npm run bench:scale-out -- [gateway=50]` runs 1, 2 and 4 processors, 2 command-apis and 2 query-apis on one log,
 * each in a separate process. The gateway takes 50 ms. Each round uploads its jobs while the processors are stopped
 * (SIGSTOP), and then lets the processors continue together. One of four people has four fifths of the jobs.
 *
 * It prints a table. It ends with 1 on a fault: a job has two starts or outcomes, a processor or person starves, or a
 * query-api does not list a job as ready. It takes about two minutes, on Linux.
 */
import { availableParallelism, cpus, loadavg } from 'node:os';
import { followCourse, type Course } from './scale-out/course.ts';
import { startScaled, type ScaledInstallation } from './scale-out/installation.ts';
import { newPeople, readyJobs, upload, type Person } from './scale-out/people.ts';

interface Round {
  readonly processors: number;
  readonly workers: number;
}

const ROUNDS: readonly Round[] = [
  { processors: 1, workers: 2 },
  { processors: 1, workers: 4 },
  { processors: 2, workers: 4 },
  { processors: 4, workers: 4 },
  { processors: 4, workers: 16 },
];
/** The duration of a round when only the gateway limits it. */
const ROUND_SEC = 6;
const JOBS_MIN = 400;
const JOBS_MAX = 1_600;
const PEOPLE = 4;
/** The share of one person; the other people have the remaining jobs in equal parts. */
const GREEDY_PART = 0.8;
/**
 * Above this share of the gateway's possible rate, the gateway is the limit. Above this share of all cores in use,
 * the cores are the limit.
 */
const AT_THE_LIMIT = 0.85;
/** A processor starves with less than this part of an equal share. So does a person who has waiting jobs. */
const STARVES_BELOW = 0.5;
const LISTED_MS_MAX = 60_000;

const gatewayMs = Number(/^gateway=(\d+)$/.exec(process.argv[2] ?? '')?.[1] ?? 50);
const broken: string[] = [];

interface Result {
  readonly jobsPerSec: number;
  readonly busy: number;
  readonly byProcessor: readonly number[];
  /** The share of each person in the starts while everybody has waiting jobs. */
  readonly byPerson: readonly number[];
}

/** Milliseconds in which the cores of this machine were busy, and in which they were idle. */
function coreTimes(): { busy: number; idle: number } {
  const times = cpus().map((core) => core.times);
  const idle = times.reduce((sum, each) => sum + each.idle, 0);
  return { busy: times.reduce((sum, { user, nice, sys, irq }) => sum + user + nice + sys + irq, 0), idle };
}

async function runRound(installation: ScaledInstallation, round: Round): Promise<Result> {
  const name = `${round.processors} x ${round.workers}`;
  const people = newPeople(PEOPLE);
  const ideal = (round.processors * round.workers * 1_000) / gatewayMs;
  const jobs = Math.round(Math.min(JOBS_MAX, Math.max(JOBS_MIN, ideal * ROUND_SEC)));
  const course = await followCourse(installation.connectionString);
  try {
    const processors = await installation.processors(round.processors, round.workers);
    // The processors are stopped until every job is uploaded, so that all processors begin at the same moment.
    for (const each of processors) each.signal('SIGSTOP');
    await upload(installation, people, (index) =>
      Math.round(index === 0 ? jobs * GREEDY_PART : (jobs * (1 - GREEDY_PART)) / (PEOPLE - 1)),
    );
    const before = coreTimes();
    for (const each of processors) each.signal('SIGCONT');
    const done = await course.done(new Set(people.flatMap((person) => [...person.jobs])));
    const after = coreTimes();
    const busyMs = after.busy - before.busy;
    const result = resultOf(done, people, round, busyMs / (busyMs + after.idle - before.idle));
    if (done.twice > 0) broken.push(`${name}: ${done.twice} starts or outcomes beyond the first of a job`);
    await checkListed(installation, people, name);
    await Promise.all(processors.map((each) => each.terminate()));
    return result;
  } finally {
    await course.stop();
  }
}

function resultOf(course: Course, people: readonly Person[], round: Round, busy: number): Result {
  const { starts, lastMs } = course;
  const firstMs = Math.min(...starts.map(({ atMs }) => atMs));
  const jobsPerSec = (starts.length * 1_000) / (lastMs - firstMs);
  const workers = [...new Set(starts.map(({ worker }) => worker))];
  const byProcessor = workers.map(
    (name) => starts.filter(({ worker }) => worker === name).length / starts.length,
  );
  // Everybody has waiting jobs until the person with the fewest jobs has none. To be sure, only half of the starts
  // until then count.
  const fewest = Math.min(...people.map(({ jobs }) => jobs.size));
  const early = starts.slice(0, (fewest * people.length) / 2);
  const byPerson = people.map(
    ({ jobs }) => early.filter(({ jobId }) => jobs.has(jobId)).length / early.length,
  );
  const name = `${round.processors} x ${round.workers}`;
  if (workers.length < round.processors || Math.min(...byProcessor) < STARVES_BELOW / round.processors)
    broken.push(`${name}: a processor starves`);
  if (Math.min(...byPerson) < STARVES_BELOW / people.length) broken.push(`${name}: a person starves`);
  return { jobsPerSec, busy, byProcessor, byPerson };
}

/** Checks that both query-apis list every job as ready. */
async function checkListed(
  { queryApis }: ScaledInstallation,
  people: readonly Person[],
  name: string,
): Promise<void> {
  const isListed = async (): Promise<boolean> => {
    for (const { url } of queryApis)
      for (const person of people) if ((await readyJobs(url, person)).size !== person.jobs.size) return false;
    return true;
  };
  for (const endMs = performance.now() + LISTED_MS_MAX; !(await isListed());)
    if (performance.now() > endMs)
      return void broken.push(`${name}: a query-api does not list every job as ready`);
}

function limitOf(round: Round, { jobsPerSec, busy }: Result): string {
  const ideal = (round.processors * round.workers * 1_000) / gatewayMs;
  if (jobsPerSec >= AT_THE_LIMIT * ideal) return 'the gateway';
  if (busy >= AT_THE_LIMIT) return `the ${availableParallelism()} cores`;
  return 'neither';
}

const percents = (parts: readonly number[]): string =>
  parts.map((part) => `${(part * 100).toFixed(0)} %`).join(', ');

const installation = await startScaled(gatewayMs);
try {
  console.log(`Load ${loadavg()[0]?.toFixed(1)} at the beginning, a gateway that takes ${gatewayMs} ms.\n`);
  console.log(
    '| processors x workers | jobs/s | the gateway allows | limit | cores busy | share of each processor | share of each person |\n|---|---|---|---|---|---|---|',
  );
  for (const round of ROUNDS) {
    const result = await runRound(installation, round);
    const ideal = (round.processors * round.workers * 1_000) / gatewayMs;
    console.log(
      `| ${round.processors} x ${round.workers} | ${result.jobsPerSec.toFixed(0)} | ${ideal} | ${limitOf(round, result)} | ` +
        `${(result.busy * 100).toFixed(0)} % | ${percents(result.byProcessor)} | ${percents(result.byPerson)} |`,
    );
  }
  for (const what of broken) console.error(`FAILS: ${what}`);
  process.exitCode = broken.length > 0 ? 1 : 0;
} finally {
  await installation.stop();
}
