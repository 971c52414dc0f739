import { retryPolicyOf, type RetryPolicy } from '../../conversion-job/retry-policy.ts';
import {
  replayPolicy,
  runsOf,
  type BreakerPolicy,
  type PastRun,
  type PolicyOutcome,
} from '../../conversion-job/what-if.ts';
import type { EventLog } from '../../event-store/event-log.ts';
import { createLog } from '../../runtime/log/log.ts';
import { loadSettings } from '../../runtime/settings/settings.ts';
import { understoodOrNull } from '../../schemas/events/event-versions.ts';
import type { JobEvent } from '../../schemas/events/job-events.ts';
import { JOB_STREAM_PREFIX, jobIdOfStream } from '../../schemas/events/streams.ts';
import { interruptSignal } from '../stop-asked.ts';
import { usage } from '../plain-failure.ts';
import { progressOn } from '../progress.ts';
import { reachLog } from '../reach-log.ts';

const RETRY_WORDS: Readonly<Record<string, keyof RetryPolicy>> = {
  attempts: 'maxAttempts',
  backoff: 'backoffMs',
  max: 'backoffMaxMs',
  timeout: 'jobTimeoutMs',
};
const USAGE =
  'Say for example: docket simulate-policy --retry attempts=5,backoff=2000 --breaker failures=3,reset=30000.';

/**
 * `docket simulate-policy`: replays past attempts under the present retry policy and under another policy, and
 * compares the outcomes. Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
 */
export async function run(argv: readonly string[]): Promise<number> {
  const settings = loadSettings(process.env);
  const present = {
    retry: retryPolicyOf(settings),
    breaker: { failures: settings.BREAKER_FAILURES, resetMs: settings.BREAKER_RESET_MS },
  };
  const asked = {
    retry: { ...present.retry, ...numbersOf(argv, '--retry', RETRY_WORDS) },
    breaker: breakerAsked(argv, present.breaker),
  };
  const reached = await reachLog(settings, createLog('docket', 'error'), { alone: false });
  try {
    const past = await readPast(reached.log);
    const before = replayPolicy(past, present.retry, present.breaker);
    const after = replayPolicy(past, asked.retry, asked.breaker);
    const difference = {
      rescued: after.succeeded - before.succeeded,
      extraCalls: after.calls - before.calls,
      extraWaitingMs: after.waitingMs - before.waitingMs,
    };
    if (argv.includes('--json'))
      console.log(JSON.stringify({ present, asked, before, after, difference }, null, 2));
    else print(before, after, difference);
    return 0;
  } finally {
    await reached.close();
  }
}

async function readPast(log: EventLog): Promise<PastRun[]> {
  const signal = interruptSignal('Nothing was changed.');
  const progress = progressOn(process.stderr, 'Reading the past');
  const streams = new Map<string, JobEvent[]>();
  const head = await log.head();
  let seen = 0;
  for await (const recorded of log.readAll('start', { streamPrefixes: [JOB_STREAM_PREFIX] })) {
    seen += 1;
    if (seen % 1_000 === 0) {
      signal.throwIfAborted();
      progress.show(Number(recorded.position), Number(head));
    }
    const event = understoodOrNull(recorded) as JobEvent | null;
    if (event === null || event.type === 'DocumentUploaded') continue;
    const events = streams.get(recorded.stream) ?? [];
    streams.set(recorded.stream, events);
    events.push(event);
  }
  progress.end();
  return [...streams].flatMap(([stream, events]) => runsOf(jobIdOfStream(stream) ?? stream, events));
}

function breakerAsked(argv: readonly string[], present: BreakerPolicy): BreakerPolicy {
  if (argv[argv.indexOf('--breaker') + 1] === 'off' && argv.includes('--breaker'))
    return { ...present, failures: null };
  return { ...present, ...numbersOf(argv, '--breaker', { failures: 'failures', reset: 'resetMs' }) };
}

/** Parses a text such as `attempts=5,backoff=2000` by its known names; times in ms. */
function numbersOf(
  argv: readonly string[],
  option: string,
  words: Readonly<Record<string, string>>,
): Record<string, number> {
  const at = argv.indexOf(option);
  if (at < 0) return {};
  const numbers: Record<string, number> = {};
  for (const part of (argv[at + 1] ?? '').split(',')) {
    const [word = '', value = ''] = part.split('=');
    const name = Object.hasOwn(words, word) ? words[word] : undefined;
    if (name === undefined || !/^\d{1,9}$/.test(value) || Number(value) < 1) throw usage(USAGE);
    numbers[name] = Number(value);
  }
  return numbers;
}

function print(
  before: PolicyOutcome,
  after: PolicyOutcome,
  { rescued, extraCalls, extraWaitingMs }: { rescued: number; extraCalls: number; extraWaitingMs: number },
): void {
  const line = (what: string, of: (outcome: PolicyOutcome) => number): string =>
    `${what.padEnd(34)}${String(of(before)).padStart(12)}${String(of(after)).padStart(12)}`;
  console.log(`${'replayed under'.padEnd(34)}${'present'.padStart(12)}${'asked'.padStart(12)}`);
  console.log(line('runs', ({ runs }) => runs));
  console.log(line('succeeded', ({ succeeded }) => succeeded));
  console.log(line('failed', ({ failed }) => failed));
  console.log(line('  of which nothing is known', ({ unknown }) => unknown));
  console.log(line('calls to the gateway', ({ calls }) => calls));
  console.log(line('waiting between attempts, s', ({ waitingMs }) => Math.round(waitingMs / 1_000)));
  console.log(line('times the breaker opened', ({ opened }) => opened));
  const more = (count: number, what: string): string =>
    `${Math.abs(count)} ${count < 0 ? 'fewer' : 'more'} ${what}`;
  console.log(
    `${rescued >= 0 ? `${rescued} jobs rescued` : `${-rescued} jobs lost`}, ${more(extraCalls, 'calls')}, ` +
      `${more(Math.round(extraWaitingMs / 1_000), 's of waiting')}.`,
  );
}
