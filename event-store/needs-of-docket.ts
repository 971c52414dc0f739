import type { EventStoreDBClient } from '@eventstore/db-client';
import { randomUUID } from 'node:crypto';
import type { ConnectedEventLog } from './connect.ts';
import { AppendRefused, StreamMovedOn } from './errors.ts';
import type { Appended, EventToAppend } from './event-log.ts';
import { CodedError } from '../schemas/errors/coded-error.ts';

/** Bytes of the largest event in a check; EventStoreDB accepts 1 MiB in one append by default. */
const LARGE_EVENT_BYTES = 1_000_000;
/** Number of events in one append, more than any append of Docket has. */
const BATCH_EVENTS = 500;
/** The largest difference between the clocks. With a larger difference, the shown times are misleading. */
const CLOCK_DIFFERENCE_MS_MAX = 2_000;
const EVENTS_FOLLOWED = 40;
/** Number of events of other streams. A filtered subscription sends a checkpoint after fewer events than this. */
const EVENTS_OF_OTHERS = 1_100;

/** The tools of a check. */
export interface Bench {
  readonly log: ConnectedEventLog;
  readonly client: EventStoreDBClient;
  /** Longest wait for the events that a subscription must deliver. */
  readonly timeoutMs: number;
  /** Returns the name of a new stream. The check deletes the stream when all needs are checked. */
  readonly newStream: () => string;
}

/** Returns the observation of the check; throws an error that names the fault. */
type Need = (bench: Bench) => Promise<string>;

/** A server does not behave as Docket needs. */
class NotAsNeeded extends CodedError {
  readonly code = 'NOT_AS_NEEDED';
}

const need = (holds: boolean, sentence: string): void => {
  if (!holds) throw new NotAsNeeded(sentence);
};

const someEvent = (data: unknown = { check: true }): EventToAppend => {
  return { id: randomUUID(), type: 'Checked', data, metadata: { by: 'docket store check' } };
};

/** Every feature of an event store that Docket needs. Each test uses the feature in the same way as Docket. */
export const NEEDS: readonly (readonly [name: string, check: Need])[] = [
  [
    'the user may read $all and append',
    async ({ log }) => {
      await log.probe();
      return `at ${log.address}`;
    },
  ],
  ['append at an exact revision', exactRevision],
  ['the same append twice is one', sameTwice],
  ['a misplaced append is refused', misplaced],
  [`an append of ${BATCH_EVENTS} events, all or none`, wholeBatch],
  [`an event of ${LARGE_EVENT_BYTES.toLocaleString('en')} bytes`, largeEvent],
  ['an append that is too large is refused by name', tooLarge],
  ['$all from a position, in order', allFromPosition],
  ['the event at a position', atPosition],
  ['a live subscription with checkpoints', liveSubscription],
  ['the metadata of a stream', metadata],
  ['the clocks of both machines', clocks],
];

async function exactRevision({ log, newStream }: Bench): Promise<string> {
  const stream = newStream();
  const first = await log.append(stream, [someEvent(), someEvent()], 'no_stream');
  const next = await log.append(stream, [someEvent()], 1n);
  need(first.revision === 1n && next.revision === 2n, 'The revisions of the events do not count from 0.');
  need(next.position > first.position, 'The positions of the events do not rise.');
  return `revision ${next.revision.toString()} at position ${next.position.toString()}`;
}

async function sameTwice({ log, newStream }: Bench): Promise<string> {
  const stream = newStream();
  const events = [someEvent(), someEvent()];
  const first = await log.append(stream, events, 'no_stream');
  await log.append(stream, [someEvent()], 1n);
  const again = await log.append(stream, events, 'no_stream');
  need(again.revision === first.revision, 'A repeated append returned another result than the first.');
  const last = await log.readLast(stream);
  need(last?.revision === 2n, 'A repeated append was written a second time.');
  return 'answered as the first time, nothing written';
}

async function misplaced({ log, newStream }: Bench): Promise<string> {
  const stream = newStream();
  await log.append(stream, [someEvent()], 'no_stream');
  const outcome = await log.append(stream, [someEvent()], 'no_stream').catch((error: unknown) => error);
  need(
    outcome instanceof StreamMovedOn,
    `The server did not refuse an append at a wrong revision: ${saidBy(outcome)}.`,
  );
  need((outcome as StreamMovedOn).actual === 0n, 'The refusal does not say the revision of the stream.');
  return 'refused with the revision that is there';
}

async function wholeBatch({ log, newStream }: Bench): Promise<string> {
  const stream = newStream();
  const batch = Array.from({ length: BATCH_EVENTS }, (_, n) => someEvent({ n }));
  const { revision } = await log.append(stream, batch, 'no_stream');
  need(revision === BigInt(BATCH_EVENTS - 1), 'The server did not append the batch as a whole.');
  let seen = 0;
  for await (const event of log.readStream(stream)) {
    need((event.data as { n: number }).n === seen, 'The events of a batch are not in their order.');
    seen += 1;
  }
  need(seen === BATCH_EVENTS, `Only ${seen} of ${BATCH_EVENTS} events were read.`);
  return 'in one append, in order';
}

async function largeEvent({ log, newStream }: Bench): Promise<string> {
  const stream = newStream();
  const text = 'x'.repeat(LARGE_EVENT_BYTES - 100);
  await log.append(stream, [someEvent({ text })], 'no_stream').catch((error: unknown) => {
    throw new NotAsNeeded(`${saidBy(error)} Set MaxAppendSize of the server to 1 MiB, its default.`);
  });
  const event = await log.readLast(stream);
  need(
    (event?.data as { text?: string } | undefined)?.text === text,
    'The event that was read differs from the one that was written.',
  );
  return 'written and read again';
}

async function tooLarge({ log, newStream }: Bench): Promise<string> {
  const huge = someEvent({ text: 'x'.repeat(3 * LARGE_EVENT_BYTES) });
  const outcome = await log.append(newStream(), [huge], 'no_stream').catch((error: unknown) => error);
  if (outcome instanceof AppendRefused) return 'refused';
  need(
    !(outcome instanceof Error),
    `The server did not refuse an event of 3 MB as too large: ${saidBy(outcome)}`,
  );
  return 'taken: this server allows more';
}

async function allFromPosition({ log, newStream }: Bench): Promise<string> {
  const stream = newStream();
  const written: Appended[] = [];
  for (let n = 0; n < 3; n += 1)
    written.push(await log.append(stream, [someEvent({ n })], n === 0 ? 'no_stream' : BigInt(n - 1)));
  const seen: bigint[] = [];
  const after = written[0]!.position;
  for await (const event of log.readAll(after, { streamPrefixes: [stream] }, 2)) seen.push(event.position);
  need(
    seen[0] === written[1]!.position && seen[1] === written[2]!.position,
    '$all after a position does not begin with the next event.',
  );
  need((await log.head()) >= seen[1]!, 'The end of $all lies before its last event.');
  return 'begins behind it, other streams left out';
}

async function atPosition({ log, newStream }: Bench): Promise<string> {
  const { position } = await log.append(newStream(), [someEvent()], 'no_stream');
  need((await log.eventAt(position))?.position === position, 'The event is not found at its position.');
  need((await log.eventAt(position + 1n)) === null, 'The log returned an event at a position without one.');
  return 'there, and none beside it';
}

async function liveSubscription({ log, newStream, timeoutMs }: Bench): Promise<string> {
  const stream = newStream();
  const from = await log.head();
  // The server sends a checkpoint after this many events of other streams.
  const others = newStream();
  for (let revision = -1; revision < EVENTS_OF_OTHERS; revision += BATCH_EVENTS) {
    const batch = Array.from({ length: BATCH_EVENTS }, () => someEvent());
    await log.append(others, batch, revision < 0 ? 'no_stream' : BigInt(revision));
  }
  const done = Promise.withResolvers<void>();
  let seen = 0;
  let caughtUp = false;
  let checkpoints = 0;
  let after = from;
  const following = log.follow({
    after: () => after,
    filter: { streamPrefixes: [stream] },
    onEvent: ({ position, revision }) => {
      if (revision !== BigInt(seen)) done.reject(new NotAsNeeded('An event is missing, or came twice.'));
      after = position;
      seen += 1;
      if (seen === EVENTS_FOLLOWED && caughtUp) done.resolve();
    },
    onCheckpoint: () => void (checkpoints += 1),
    onCaughtUp: () => {
      caughtUp = true;
      if (seen === EVENTS_FOLLOWED) done.resolve();
    },
  });
  const late = setTimeout(
    () => done.reject(new NotAsNeeded(`Only ${seen} of ${EVENTS_FOLLOWED} events came in ${timeoutMs} ms.`)),
    timeoutMs,
  );
  try {
    for (let n = 0; n < EVENTS_FOLLOWED; n += 1)
      await log.append(stream, [someEvent({ n })], n === 0 ? 'no_stream' : BigInt(n - 1));
    await done.promise;
  } finally {
    clearTimeout(late);
    await following.stop();
  }
  need(checkpoints > 0, 'No checkpoint came for the events of other streams.');
  return `${seen} events, each once, ${checkpoints} checkpoints, said that it had caught up`;
}

async function metadata({ log, client, newStream }: Bench): Promise<string> {
  const stream = newStream();
  await log.append(stream, [someEvent()], 'no_stream');
  await log.setMaxAge(stream, 86_400);
  const set = await client.getStreamMetadata(stream);
  need(set.metadata?.maxAge === 86_400, 'The server did not keep $maxAge, which limits a stream by age.');
  return '$maxAge written and read again';
}

async function clocks({ log, newStream }: Bench): Promise<string> {
  const stream = newStream();
  const beforeMs = Date.now();
  await log.append(stream, [someEvent()], 'no_stream');
  const afterMs = Date.now();
  const createdMs = (await log.readLast(stream))!.created.getTime();
  const differenceMs = Math.max(createdMs - afterMs, beforeMs - createdMs, 0);
  need(
    differenceMs <= CLOCK_DIFFERENCE_MS_MAX,
    `The clocks differ by ${Math.round(differenceMs / 1000)} s. Set both clocks from the same time servers.`,
  );
  return `${differenceMs} ms apart`;
}

function saidBy(outcome: unknown): string {
  return outcome instanceof Error ? outcome.message : 'it was taken';
}
