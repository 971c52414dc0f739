import { jobDecider } from '../conversion-job/decider.ts';
import { explain } from '../conversion-job/explain.ts';
import { retryPolicyOf } from '../conversion-job/retry-policy.ts';
import { connectEventLog } from '../event-store/connect.ts';
import type { EventLog, RecordedEvent } from '../event-store/event-log.ts';
import { sentenceOf } from '../query-api/timeline-sentences.ts';
import { isoNow, systemClock } from '../runtime/clock.ts';
import { createLog } from '../runtime/log.ts';

import { loadSettings } from '../runtime/settings.ts';
import { EventMetadata } from '../schemas/event-metadata.ts';
import { understandEvent } from '../schemas/event-versions.ts';
import { JobId } from '../schemas/ids.ts';
import type { JobEvent } from '../schemas/job-events.ts';
import { GATEWAY_STREAM, jobStream } from '../schemas/streams.ts';
import { findConnections } from './connections.ts';
import { PlainFailure } from './plain-failure.ts';

/** `docket why <job>`: the job's own stream in words, its present state, and what may happen next. */
export async function run(argv: readonly string[]): Promise<number> {
  const [given] = argv.filter((argument) => !argument.startsWith('--'));
  const jobId = JobId.safeParse(given);
  if (!jobId.success)
    throw new PlainFailure('USAGE', 'Name the job by its id: docket why <job>.', { exitCode: 2 });
  const settings = loadSettings(process.env);
  const log = connectEventLog({
    connectionString: findConnections(settings).EVENTSTORE_URL,
    timeoutMs: settings.EVENTSTORE_TIMEOUT_MS,
    log: createLog('docket', 'error'),
  });
  try {
    const events = await readAll(log, jobStream(jobId.data));
    const decider = jobDecider(retryPolicyOf(settings));
    const job = events.reduce(
      (folded, { event, recorded }) => decider.evolve(folded, event, recorded.revision),
      decider.initial,
    );
    if (job.state === 'absent') throw new PlainFailure('NOT_FOUND', `There is no job ${jobId.data}.`);
    const surroundings = { policy: retryPolicyOf(settings), gatewayPausedSince: await pausedSince(log) };
    const explanation = explain(job, isoNow(systemClock), surroundings);
    const history = events.map(({ event, recorded }) => ({
      revision: Number(recorded.revision),
      at: event.data.at,
      type: event.type,
      sentence: sentenceOf(event),
      ...EventMetadata.parse(recorded.metadata),
    }));
    if (argv.includes('--json'))
      console.log(
        JSON.stringify({ jobId: jobId.data, filename: job.filename, ...explanation, history }, null, 2),
      );
    else print(job.filename, explanation, history);
    return 0;
  } finally {
    await log.close();
  }
}

async function readAll(
  log: EventLog,
  stream: string,
): Promise<{ event: JobEvent; recorded: RecordedEvent }[]> {
  const events: { event: JobEvent; recorded: RecordedEvent }[] = [];
  for await (const recorded of log.readStream(stream))
    events.push({ event: understandEvent(recorded) as JobEvent, recorded });
  return events;
}

/** Since when the circuit breaker is open, or null: its own stream says. */
async function pausedSince(log: EventLog): Promise<string | null> {
  const last = await log.readLast(GATEWAY_STREAM);
  const event = last ? understandEvent(last) : null;
  return event?.type === 'GatewayPaused' ? event.data.at : null;
}

interface HistoryLine {
  readonly revision: number;
  readonly at: string;
  readonly sentence: string;
  readonly actor: string;
}

function print(
  filename: string,
  explanation: ReturnType<typeof explain>,
  history: readonly HistoryLine[],
): void {
  console.log(`${visible(filename)} is ${explanation.state}.\n${visible(explanation.because)}`);
  if (explanation.next)
    console.log(`Next: ${explanation.next.what}${explanation.next.at ? ` (${explanation.next.at})` : ''}`);
  console.log('\nWhat happened:');
  for (const { revision, at, sentence, actor } of history) {
    console.log(`  ${String(revision).padStart(3)}  ${at}  ${visible(sentence)}  [${actor}]`);
  }
  console.log('\nWhat may be asked of it now:');
  for (const verdict of explanation.commands) {
    console.log(
      `  ${verdict.command.padEnd(17)} ${verdict.answer === 'refused' ? `refused: ${verdict.rule}` : verdict.answer}`,
    );
  }
}

/** Control characters of a file name must not reach the terminal (A-FN09). */
function visible(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '\u{fffd}');
}
