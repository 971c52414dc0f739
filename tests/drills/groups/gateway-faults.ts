import { stretched } from '../../harness/machine-time.ts';
import { startDrillInstallation, type DrillInstallation } from '../drill-installation.ts';
import { expectThat, within } from '../claims.ts';
import type { Drill, DrillGroup } from '../drill.ts';
import { historyOf, storyOf, untilState } from '../job-streams.ts';
import { upload } from '../people.ts';
import { socketsOf } from '../service-process.ts';
import { GATEWAY_STREAM } from '../../../schemas/events/streams.ts';

/** The breaker opens at the fifth failure, and the number of attempts is large enough for the fault to end. */
function startWithBreaker(): Promise<DrillInstallation> {
  return startDrillInstallation({
    processor: true,
    env: { BREAKER_FAILURES: '5', RETRY_MAX_ATTEMPTS: '20', GATEWAY_MAX_RATE: '10', WORKER_CONCURRENCY: '8' },
  });
}

async function breakerEvents(installation: DrillInstallation, type: string): Promise<number> {
  let count = 0;
  for await (const event of installation.log.readStream(GATEWAY_STREAM)) if (event.type === type) count += 1;
  return count;
}

async function hang(installation: DrillInstallation): Promise<string> {
  const sockets = (): number => socketsOf(installation.processor!.pid());
  const before = sockets();
  installation.gateway.kill('SIGSTOP');
  const jobs = await Promise.all(Array.from({ length: 8 }, () => upload(installation)));
  await within(
    20_000,
    'the breaker opens',
    async () => (await breakerEvents(installation, 'GatewayPaused')) > 0,
  );
  // The order in which the eight attempts end is random, and the pause may be in the log before them.
  await within(5_000, 'five attempts ended as GW_TIMEOUT', async () => {
    const histories = await Promise.all(jobs.map((jobId) => historyOf(installation, jobId)));
    return histories.filter((types) => types.includes('ConversionDeferred GW_TIMEOUT')).length >= 5;
  });
  installation.gateway.kill('SIGCONT');
  for (const jobId of jobs) await untilState(installation, jobId, ['ready'], { withinMs: 40_000 });
  await within(
    5_000,
    'the pause is over',
    async () => (await breakerEvents(installation, 'GatewayResumed')) > 0,
  );
  await within(10_000, 'sockets are back at their number (I11)', () => sockets() <= before + 10);
  return `breaker opened and closed, sockets ${before} -> ${sockets()}, 8 of 8 ready`;
}

async function fivehundreds(installation: DrillInstallation): Promise<string> {
  const retryAfter = { status: 429, headers: { 'Retry-After': '1' }, body: '{}' };
  await installation.gateway.script({
    queue: [{ status: 503, headers: { 'Retry-After': '1' }, body: '{}' }, retryAfter],
  });
  const passing = await upload(installation);
  await untilState(installation, passing, ['ready']);
  const { events } = await storyOf(installation, passing);
  const starts = events.flatMap(({ event }) =>
    event.type === 'ConversionStarted' ? [Date.parse(event.data.at)] : [],
  );
  expectThat(starts.length === 3, 'the third attempt succeeded', starts.length);
  // Retry-After is capped by RETRY_BACKOFF_MAX_MS, 800 ms here.
  const gaps = starts.slice(1).map((at, index) => at - starts[index]!);
  expectThat(
    gaps.every((gap) => gap >= 800),
    'Retry-After was waited for',
    gaps,
  );
  await installation.gateway.script({ otherwise: { status: 500, body: '{}' } });
  const doomed = await Promise.all(Array.from({ length: 5 }, () => upload(installation)));
  for (const jobId of doomed) {
    const job = await untilState(installation, jobId, ['failed']);
    expectThat(job.state === 'failed' && job.failure.code === 'GW_5XX', 'it failed with GW_5XX', job);
    const attempts = (await historyOf(installation, jobId)).filter(
      (type) => type === 'ConversionStarted',
    ).length;
    expectThat(attempts === 3, 'after three attempts', attempts);
  }
  await installation.gateway.script({});
  return `gaps ${gaps.join(' and ')} ms after Retry-After; 5 of 5 failed GW_5XX after 3 attempts`;
}

async function slowBodies(installation: DrillInstallation): Promise<string> {
  const limitMs = Number(installation.env['GATEWAY_TIMEOUT_MS']);
  const faults = [{ trickleMs: 200 }, { instead: 'reset' as const }, { cutAfterBytes: 10 }];
  const found: string[] = [];
  for (const fault of faults) {
    await installation.gateway.script({ queue: [fault] });
    const jobId = await upload(installation);
    await untilState(installation, jobId, ['ready']);
    const { events } = await storyOf(installation, jobId);
    const began = events[2]!.event;
    const ended = events[3]!.event;
    expectThat(ended.type === 'ConversionDeferred', 'the first attempt failed', ended.type);
    const tookMs = Date.parse(ended.data.at) - Date.parse(began.data.at);
    expectThat(tookMs < limitMs + stretched(1_000), 'within the total deadline', tookMs);
    found.push(`${ended.type === 'ConversionDeferred' ? ended.data.code : ''} in ${tookMs} ms`);
  }
  return `trickle ${found[0]}, reset ${found[1]}, cut ${found[2]}`;
}

async function garbage(installation: DrillInstallation): Promise<string> {
  const answers = {
    HTML: { body: '<html><body>no</body></html>', headers: { 'Content-Type': 'text/html' } },
    'truncated XML': { body: '<?xml version="1.0"?>\n<Invoice><ID>1</ID>' },
    "another job's XML": { headers: { 'X-Source-Sha256': '0'.repeat(64) } },
    'no bytes': { body: '' },
  };
  for (const [name, answer] of Object.entries(answers)) {
    await installation.gateway.script({ queue: [answer, answer, answer] });
    const jobId = await upload(installation);
    const job = await untilState(installation, jobId, ['failed', 'ready'], { withinMs: 30_000 });
    expectThat(job.state === 'failed' && job.failure.code === 'GW_BAD_OUTPUT', `${name} is refused`, job);
  }
  const tooMuch = await hugeAnswer(installation);
  await installation.gateway.script({});
  return `${Object.keys(answers).join(', ')}: each GW_BAD_OUTPUT, none became Ready; 200 MB: ${tooMuch}`;
}

/** The gateway answers 200 MB once, and correctly at the next attempt. The ready result must be the correct one. */
async function hugeAnswer(installation: DrillInstallation): Promise<string> {
  await installation.gateway.script({ queue: [{ bytes: 200 * 1024 * 1024 }] });
  const jobId = await upload(installation);
  const job = await untilState(installation, jobId, ['failed', 'ready'], { withinMs: 30_000 });
  const [code] = (await historyOf(installation, jobId)).filter((type) =>
    type.startsWith('ConversionDeferred'),
  );
  // The speed of the machine decides whether the limit of bytes or the limit of time is reached first.
  expectThat(/GW_BAD_OUTPUT|GW_TIMEOUT/.test(code ?? ''), '200 MB are refused', code);
  expectThat(job.state === 'ready' && job.conversion.result.bytes < 1_000, 'none of them is kept', job);
  return `${code?.split(' ')[1] ?? ''}, then a proper result`;
}

/**
 * The gateway is dead for three seconds while sixty jobs wait. Afterwards the queue is processed at the set rate, and
 * not all at once.
 */
async function deadThenBack(installation: DrillInstallation): Promise<string> {
  const pauses = await breakerEvents(installation, 'GatewayPaused');
  installation.gateway.kill('SIGKILL');
  const jobs = await Promise.all(Array.from({ length: 60 }, () => upload(installation)));
  await within(
    15_000,
    'the breaker opens',
    async () => (await breakerEvents(installation, 'GatewayPaused')) > pauses,
  );
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const before = (await installation.gateway.calls()).length;
  await installation.gateway.restart();
  const backAt = performance.now();
  for (const jobId of jobs) await untilState(installation, jobId, ['ready'], { withinMs: 60_000 });
  const drainedSec = (performance.now() - backAt) / 1000;
  const at = (await installation.gateway.calls()).slice(before).map((call) => call.at);
  const most = Math.max(...at.map((from) => at.filter((each) => each >= from && each < from + 1_000).length));
  // One permit may already be free when the second begins.
  expectThat(most <= 12, 'no second saw more than the rate and its bucket', most);
  const [first] = at;
  const atOnce = at.filter((each) => each < first! + 300).length;
  expectThat(atOnce <= 4, 'the first calls after the pause come one by one', atOnce);
  return `60 jobs in ${drainedSec.toFixed(1)} s, at most ${most} calls in any second, ${atOnce} in the first 0.3 s`;
}

/** Requests arrive, but answers do not, as in an asymmetric partition. */
async function oneWay(installation: DrillInstallation): Promise<string> {
  const before = await breakerEvents(installation, 'GatewayPaused');
  installation.toGateway.fault.dropReplies = true;
  const jobs = await Promise.all(Array.from({ length: 8 }, () => upload(installation)));
  await within(
    20_000,
    'the breaker opens',
    async () => (await breakerEvents(installation, 'GatewayPaused')) > before,
  );
  installation.toGateway.fault.dropReplies = false;
  installation.toGateway.cut();
  for (const jobId of jobs) await untilState(installation, jobId, ['ready'], { withinMs: 40_000 });
  return 'answers dropped by the proxy: breaker opened, 8 of 8 ready after it healed';
}

/** For an installation with a processor whose breaker does not open. */
export const gatewayAnswers: readonly Drill[] = [
  { id: 'D15', title: 'gateway 5xx burst, 429 and 503 with Retry-After', run: fivehundreds },
  { id: 'D16', title: 'gateway slow: trickle, reset, cut in mid-body', run: slowBodies },
  { id: 'D17', title: 'gateway garbage: HTML, truncated, foreign, empty, 200 MB', run: garbage },
];

export const gatewayOutages: DrillGroup = {
  name: 'gateway-outages',
  start: startWithBreaker,
  drills: [
    { id: 'D14', title: 'gateway hang (SIGSTOP, SIGCONT)', run: hang },
    { id: 'D18', title: 'gateway dead, then back, with 60 jobs waiting', run: deadThenBack },
    { id: 'D25', title: 'asymmetric partition to the gateway (by proxy)', run: oneWay },
  ],
};
