import type { JobEvent } from '../schemas/events/job-events.ts';
import type { Attempt } from './attempts.ts';
import { sentenceOf } from './event-sentences.ts';
import type { BreakerPause, RecordedJobEvent } from './recorded.ts';

/** A cause and its effects. */
export interface Cause {
  readonly kind: 'request' | 'command' | 'event' | 'attempt' | 'breaker';
  /** The name of the cause: correlation id, command id, revision, number of the attempt, or processor. */
  readonly id: string;
  readonly at: string;
  readonly what: string;
  /** The actor of the cause; null when the parent cause states the actor. */
  readonly actor: string | null;
  readonly led: Cause[];
}

/**
 * Builds the tree of causes. A request causes commands, and a command causes events. A request for a conversion causes
 * its attempts, and a claim causes its outcome. An open circuit breaker stands between a request and an attempt that it
 * delayed.
 */
export function causesOf(
  events: readonly RecordedJobEvent[],
  attempts: readonly Attempt[],
  pauses: readonly BreakerPause[],
): Cause[] {
  const roots: Cause[] = [];
  const byStart = new Map(attempts.map((attempt) => [attempt.startRevision, attempt]));
  let requested: Cause | null = null;
  let running: Cause | null = null;
  /** The time since which a worker could claim the next attempt; null while an attempt runs, or when none is due. */
  let claimableSince: string | null = null;
  for (const recorded of events) {
    const { event } = recorded;
    const above: Cause[] =
      event.type === 'ConversionStarted' && requested
        ? requested.led
        : running && isOutcome(event)
          ? running.led
          : requestIn(roots, recorded).led;
    const node = eventUnder(commandIn(above, recorded), recorded);
    if (event.type === 'ConversionRequested') requested = node;
    if (event.type === 'ConversionStarted') {
      const attempt = byStart.get(Number(recorded.revision));
      if (claimableSince !== null && requested)
        addPauses(requested, pauses, { from: claimableSince, to: event.data.at, claim: recorded });
      running = attempt ? attemptUnder(node, attempt) : null;
    } else if (running && isOutcome(event)) running = null;
    claimableSince = claimableFrom(event, claimableSince);
  }
  if (claimableSince !== null && requested)
    addPauses(requested, pauses, { from: claimableSince, to: null, claim: null });
  return roots;
}

function isOutcome({ type }: JobEvent): boolean {
  return (
    type === 'ConversionSucceeded' ||
    type === 'ConversionDeferred' ||
    type === 'ConversionFailed' ||
    type === 'AttemptAbandoned'
  );
}

function claimableFrom(event: JobEvent, before: string | null): string | null {
  switch (event.type) {
    case 'ConversionRequested':
    case 'AttemptAbandoned':
      return event.data.at;
    case 'ConversionDeferred':
      return event.data.notBefore;
    case 'ResultDownloaded':
    case 'ResultExpired':
    case 'SourceExpired':
    case 'DocumentUploaded':
      return before;
    case 'ConversionStarted':
    case 'ConversionSucceeded':
    case 'ConversionFailed':
    case 'ConversionCancelled':
      return null;
    default:
      return event satisfies never;
  }
}

function requestIn(roots: Cause[], { event, correlationId, actor }: RecordedJobEvent): Cause {
  const known = roots.find(({ id }) => id === correlationId);
  if (known) return known;
  const what = `A request of ${actor}.`;
  return added(roots, { kind: 'request', id: correlationId, at: event.data.at, what, actor, led: [] });
}

function commandIn(among: Cause[], { event, causationId, actor }: RecordedJobEvent): Cause {
  const known = among.find(({ kind, id }) => kind === 'command' && id === causationId);
  if (known) return known;
  const what = `${commandOf(event)} was accepted.`;
  return added(among, { kind: 'command', id: causationId, at: event.data.at, what, actor, led: [] });
}

function eventUnder(command: Cause, { event, revision }: RecordedJobEvent): Cause {
  const what = `${event.type}: ${sentenceOf(event)}`;
  const id = revision.toString();
  return added(command.led, { kind: 'event', id, at: event.data.at, what, actor: null, led: [] });
}

function attemptUnder(event: Cause, attempt: Attempt): Cause {
  const { outcome, durationMs, code, backoffMs, startedAt: at } = attempt;
  const took = durationMs === null ? '' : ` after ${durationMs} ms`;
  const why = code === null ? '' : ` (${code})`;
  const wait = backoffMs === null ? '' : `; the next one waits ${backoffMs} ms`;
  const what = `Attempt ${attempt.attempt} ${outcome}${took}${why}${wait}.`;
  const id = String(attempt.attempt);
  return added(event.led, { kind: 'attempt', id, at, what, actor: null, led: [] });
}

/**
 * Adds the pauses of the circuit breaker between `from` and `to` before the delayed claim. Before the claim exists,
 * the pauses are the last effects.
 */
function addPauses(
  requested: Cause,
  pauses: readonly BreakerPause[],
  {
    from,
    to,
    claim,
  }: {
    readonly from: string;
    readonly to: string | null;
    readonly claim: RecordedJobEvent | null;
  },
): void {
  const overlapping = pauses.filter(
    ({ pausedAt, resumedAt }) => (to === null || pausedAt < to) && (resumedAt === null || resumedAt > from),
  );
  const nodes = overlapping.map(({ processorId, pausedAt, resumedAt, failures, lastCode }): Cause => {
    const until = resumedAt === null ? 'and is still open' : `and closed at ${resumedAt}`;
    const what = `The circuit breaker opened after ${failures} failures (${lastCode}) ${until}; nothing was claimed meanwhile.`;
    return { kind: 'breaker', id: processorId, at: pausedAt, what, actor: null, led: [] };
  });
  const before = claim ? requested.led.findIndex(({ id }) => id === claim.causationId) : -1;
  requested.led.splice(before < 0 ? requested.led.length : before, 0, ...nodes);
}

function added(to: Cause[], cause: Cause): Cause {
  to.push(cause);
  return cause;
}

/** The command that decides an event of this type. */
function commandOf(event: JobEvent): string {
  switch (event.type) {
    case 'DocumentUploaded':
      return 'UploadDocument';
    case 'ConversionRequested':
      return event.data.by === 'retry' ? 'RetryConversion' : 'UploadDocument';
    case 'ConversionStarted':
      return 'StartAttempt';
    case 'ConversionSucceeded':
      return 'CompleteAttempt';
    case 'ConversionDeferred':
      return 'ReportFailure';
    case 'ConversionFailed':
      return event.data.fencingToken === null ? 'AbandonAttempt' : 'ReportFailure';
    case 'AttemptAbandoned':
      return 'AbandonAttempt';
    case 'ConversionCancelled':
      return 'CancelConversion';
    case 'ResultDownloaded':
      return 'RecordDownload';
    case 'ResultExpired':
      return 'ExpireResult';
    case 'SourceExpired':
      return 'ExpireSource';
    default:
      return event satisfies never;
  }
}
