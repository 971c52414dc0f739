import { retryPolicyOf } from '../../conversion-job/retry-policy.ts';
import { isHidden } from '../../event-store/stream-limit.ts';
import { sentenceOf } from '../../conversion-job/event-sentences.ts';
import { explainJob, type Explained } from '../../query-api/one-job/why.ts';
import { isoNow, systemClock } from '../../runtime/clock.ts';
import { createLog } from '../../runtime/log/log.ts';
import { loadSettings } from '../../runtime/settings/settings.ts';
import type { CauseNode, WhyAnswer } from '../../schemas/protocols/http-api.ts';
import { JobId } from '../../schemas/ids.ts';
import { momentOf, type Moment } from '../../schemas/moment.ts';
import { jobStream } from '../../schemas/events/streams.ts';
import { openLog } from '../open-stores.ts';
import { PlainFailure, usage } from '../plain-failure.ts';

interface Asked {
  readonly jobId: string;
  readonly moment: Moment | null;
  readonly json: boolean;
}

/** `docket why <job> [--at TIME|POSITION]`: shows the job's own stream in words, its state, and the causes. */
export async function run(argv: readonly string[]): Promise<number> {
  const { jobId, moment, json } = understand(argv);
  const settings = loadSettings(process.env);
  const log = openLog(settings, createLog('docket', 'error'));
  try {
    const sources = { log, policy: retryPolicyOf(settings) };
    const explained = await explainJob(sources, { jobId, owner: null }, moment, isoNow(systemClock));
    if (!explained) {
      if (await isHidden(log, jobStream(jobId)))
        throw new PlainFailure(
          'NOT_FOUND',
          `The stream of job ${jobId} was deleted or limited in the event store: its events are hidden from readers ` +
            'and gone after the next scavenge. `docket verify` lists such streams; a backup has the events.',
        );
      const when = moment === null ? '' : ' at that moment';
      throw new PlainFailure('NOT_FOUND', `There is no job ${jobId}${when}.`);
    }
    if (json) console.log(JSON.stringify({ ...explained.answer, history: historyOf(explained) }, null, 2));
    else print(explained);
    return 0;
  } finally {
    await log.close();
  }
}

/**
 * Reads the arguments.
 * @throws PlainFailure
 */
function understand(argv: readonly string[]): Asked {
  let jobId: string | null = null;
  let moment: Moment | null = null;
  let json = false;
  for (let index = 0; index < argv.length; index += 1) {
    const argument = argv[index]!;
    if (argument === '--json') json = true;
    else if (argument === '--at') {
      moment = momentOf(argv[(index += 1)] ?? '');
      if (!moment) throw usage('--at is a position of the log or a time such as 2026-03-01T12:00Z.');
    } else if (jobId === null && JobId.safeParse(argument).success) jobId = argument;
    else throw usage('Name the job by its id: docket why <job>.');
  }
  if (jobId === null) throw usage('Name the job by its id: docket why <job>.');
  return { jobId, moment, json };
}

function historyOf({ events }: Explained) {
  return events.map(({ event, revision, position, ...origin }) => ({
    revision: Number(revision),
    position: position.toString(),
    at: event.data.at,
    type: event.type,
    sentence: sentenceOf(event),
    ...origin,
  }));
}

function print(explained: Explained): void {
  const { answer } = explained;
  const { moment } = answer;
  const verb = moment.isPast ? 'was' : 'is';
  const when = moment.isPast ? ` at ${moment.at} (position ${moment.position})` : '';
  console.log(`${visible(answer.filename)} ${verb} ${answer.state}${when}.\n${visible(answer.because)}`);
  if (answer.next) console.log(`Next: ${answer.next.what}${answer.next.at ? ` (${answer.next.at})` : ''}`);
  console.log('\nWhat happened:');
  for (const { revision, at, sentence, actor } of historyOf(explained))
    console.log(`  ${String(revision).padStart(3)}  ${at}  ${visible(sentence)}  [${actor}]`);
  console.log('\nWhat led to what:');
  for (const cause of answer.causes) printCause(cause, 1);
  if (answer.attempts.length > 0) printAttempts(answer.attempts);
  console.log(`\nCommands that it accepts ${moment.isPast ? 'then' : 'now'}:`);
  for (const verdict of answer.commands) {
    const said = verdict.answer === 'refused' ? `refused: ${verdict.rule}` : verdict.answer;
    console.log(`  ${verdict.command.padEnd(17)} ${said}`);
  }
}

function printCause(cause: CauseNode, depth: number): void {
  const who = cause.actor === null ? '' : `  [${cause.actor}]`;
  console.log(`${'  '.repeat(depth)}${cause.kind} ${cause.id}: ${visible(cause.what)}${who}`);
  for (const led of cause.led) printCause(led, depth + 1);
}

function printAttempts(attempts: WhyAnswer['attempts']): void {
  console.log('\nAttempts:');
  for (const { attempt, outcome, code, durationMs, backoffMs, workerId, reason } of attempts) {
    const took = durationMs === null ? 'running' : `${durationMs} ms`;
    const why = code === null ? '' : `  ${code}${reason === null ? '' : ` (${reason})`}`;
    const wait = backoffMs === null ? '' : `  backoff ${backoffMs} ms`;
    console.log(
      `  ${String(attempt).padStart(3)}  ${outcome.padEnd(10)} ${took}${why}${wait}  [${workerId}]`,
    );
  }
}

/** Replaces control characters in a file name, which must not reach the terminal (A-FN09). */
function visible(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '\u{fffd}');
}
