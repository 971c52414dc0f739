/**
 * `npm run bench:soak -- [minutes=120] [rate=20] [pdfs=FOLDER]` uploads real PDFs at a steady rate to an installation
 * as `npm start` runs it. It samples memory, open files and connections of each process, and the delay of the
 * services' event loop. It prints the slopes after a warm-up as Markdown.
 *
 * It exits with 1 when a job was lost or has two outcomes. In runs of 30 minutes or more, it also exits with 1 when a
 * slope is surely above its bound. Linux only.
 */
import { loadavg } from 'node:os';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startInstallation, type Installation } from '../tests/harness/installation.ts';
import { outcomesOf, type Outcomes } from './soak/outcomes.ts';
import { GROUPS, usageOf, type Group, type Usage } from './soak/processes.ts';
import { slopeOf, type Sample } from './soak/slope.ts';
import { startVisitors, type Visitors } from './soak/visitors.ts';

const HOUR_SEC = 3_600;
const SAMPLE_EVERY_MS = 5_000;
/**
 * This share of the time does not count, and at least two minutes in long runs, because caches fill and code is
 * compiled.
 */
const WARM_UP_PART = 0.25;
const WARM_UP_SEC_MIN = 120;
const SETTLE_MS_MAX = 10 * 60_000;
/** In shorter runs, the slopes come from caches that fill, so they are not judged. */
const JUDGED_FROM_MINUTES = 30;
/** The soak fails when the 95 % interval of a slope lies above its bound. */
const BOUNDS = {
  memoryMibAnHour: 16,
  /**
   * The event store keeps its index of streams in memory: about 90 bytes a job with its events, at 72,000 jobs an
   * hour.
   */
  eventStoreMibAnHour: 32,
  openFilesAnHour: 20,
  connectionsAnHour: 4,
};

interface Looked {
  readonly atSec: number;
  readonly groups: Readonly<Record<Group, Usage>>;
  readonly connections: number;
  /** 99th percentile of the delay of the services' event loop, in ms. */
  readonly delayMs: number;
}

interface Line {
  readonly what: string;
  readonly values: readonly Sample[];
  readonly boundAnHour: number | null;
}

const given = Object.fromEntries(process.argv.slice(2).map((text) => text.split('=') as [string, string]));
const minutes = Number(given['minutes'] ?? 120);
const rate = Number(given['rate'] ?? 20);

async function delayOf(healthUrl: string): Promise<number> {
  const text = await (await fetch(`${healthUrl}/metrics`)).text();
  return 1_000 * Number(/^docket_nodejs_eventloop_lag_p99_seconds (\S+)$/m.exec(text)?.[1] ?? Number.NaN);
}

async function soak(
  installation: Installation,
): Promise<{ visitors: Visitors; looks: Looked[]; outcomes: Outcomes }> {
  const visitors = await startVisitors(installation.url, given['pdfs']);
  const healthUrl = await installation.healthUrl();
  const looks: Looked[] = [];
  const startedMs = performance.now();
  const look = async (): Promise<void> => {
    const [usage, delayMs] = await Promise.all([usageOf(installation), delayOf(healthUrl)]);
    looks.push({ atSec: (performance.now() - startedMs) / 1_000, ...usage, delayMs });
  };
  let looking = Promise.resolve();
  const timer = setInterval(() => {
    looking = looking.then(look);
  }, SAMPLE_EVERY_MS);
  await visitors.upload(rate, minutes * 60_000);
  clearInterval(timer);
  await looking;
  const { EVENTSTORE_URL } = JSON.parse(
    readFileSync(join(installation.dataDir, 'connections.json'), 'utf8'),
  ) as { EVENTSTORE_URL: string };
  return { visitors, looks, outcomes: await settled(EVENTSTORE_URL, visitors.taken) };
}

/**
 * Returns the outcomes when every accepted job has one, or after the longest wait. A look reads the whole log, so the
 * pause before the next look is four times as long as the look.
 */
async function settled(url: string, taken: ReadonlySet<string>): Promise<Outcomes> {
  for (const endMs = performance.now() + SETTLE_MS_MAX; ;) {
    const lookedMs = performance.now();
    const outcomes = await outcomesOf(url, taken);
    if (outcomes.without.length === 0 || performance.now() > endMs) return outcomes;
    const pauseMs = Math.max(SAMPLE_EVERY_MS, 4 * (performance.now() - lookedMs));
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

function linesOf(looks: readonly Looked[]): Line[] {
  const series = (value: (look: Looked) => number): Sample[] =>
    looks.map((look) => ({ atSec: look.atSec, value: value(look) }));
  return [
    ...GROUPS.flatMap((group): Line[] => [
      {
        what: `${group}, allocated, MiB`,
        values: series(({ groups }) => groups[group].allocatedMib),
        boundAnHour: group === 'event store' ? BOUNDS.eventStoreMibAnHour : BOUNDS.memoryMibAnHour,
      },
      {
        what: `${group}, open files`,
        values: series(({ groups }) => groups[group].openFiles),
        // The number of connections bounds the open files of converters and backends.
        boundAnHour: ['converters', 'Postgres'].includes(group) ? null : BOUNDS.openFilesAnHour,
      },
    ]),
    {
      what: 'connections to Postgres',
      values: series((look) => look.connections),
      boundAnHour: BOUNDS.connectionsAnHour,
    },
    {
      what: 'delay of the event loop of services, p99, ms',
      values: series((look) => look.delayMs),
      boundAnHour: null,
    },
  ];
}

/** Prints the table and returns the slopes that are above their bounds. */
function report(looks: readonly Looked[]): string[] {
  const warmUpSec = Math.min(Math.max(WARM_UP_PART * minutes * 60, WARM_UP_SEC_MIN), minutes * 30);
  const broken: string[] = [];
  console.log(`| what | mean | a slope an hour, 95 % | bound |\n|---|---|---|---|`);
  for (const { what, values, boundAnHour } of linesOf(looks)) {
    const { slope, margin, mean } = slopeOf(values.filter(({ atSec }) => atSec >= warmUpSec));
    const anHour = slope * HOUR_SEC;
    const plusMinus = margin * HOUR_SEC;
    if (minutes >= JUDGED_FROM_MINUTES && boundAnHour !== null && anHour - plusMinus > boundAnHour)
      broken.push(what);
    console.log(
      `| ${what} | ${mean.toFixed(1)} | ${anHour.toFixed(1)} ± ${plusMinus.toFixed(1)} | ${boundAnHour ?? ''} |`,
    );
  }
  return broken;
}

const installation = await startInstallation({
  env: {
    NODE_ENV: 'development',
    GATEWAY_CHILDREN: '2',
    REQUEST_RATE_PER_MINUTE: '10000000',
    UPLOAD_RATE_PER_MINUTE: '1000000',
    LOG_LEVEL: 'warn',
  },
});
try {
  console.log(
    `Load ${loadavg()[0]?.toFixed(1)} at the beginning; ${minutes} minutes at ${rate} jobs a second.\n`,
  );
  const { visitors, looks, outcomes } = await soak(installation);
  const broken = report(looks);
  const { twice, without, succeeded, failed } = outcomes;
  const { sent, refused, leftOut } = visitors.counts;
  console.log(
    `\n${sent} uploads, ${visitors.taken.size} taken, ${refused} refused, ${leftOut} left out since too many waited; ` +
      `${succeeded} converted, ${failed} failed, ${without.length} without an outcome, ${twice} with two. ` +
      `Load ${loadavg()[0]?.toFixed(1)} at the end.`,
  );
  if (without.length > 0) broken.push(`jobs without an outcome: ${without.slice(0, 5).join(' ')}`);
  if (twice > 0) broken.push('jobs with two outcomes');
  if (leftOut + refused > sent / 100) broken.push('more than one upload in a hundred was not taken');
  for (const what of broken) console.error(`FAILS: ${what}`);
  process.exitCode = broken.length > 0 ? 1 : 0;
} finally {
  await installation.stop();
}
