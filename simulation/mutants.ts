import { randomUUID } from 'node:crypto';
import { resultKeyOf, RESULTS_PREFIX } from '../blob-store/blob-key.ts';
import type { JobDecider } from '../conversion-job/decider.ts';
import { isActive } from '../schemas/job-states.ts';
import { jobsProjection } from '../projector/jobs/jobs-projection.ts';
import { commandIdOf, jobIdOf } from '../schemas/name-based-ids.ts';
import { chained, linksOf } from '../event-store/event-hash.ts';
import type { EventToAppend, ExpectedRevision } from '../event-store/event-log.ts';
import { claimsAhead } from '../processor/attempts/claims-ahead.ts';
import type { JobCommands } from '../processor/job-stream/job-commands.ts';
import type { WorkList } from '../processor/work-list/work-list.ts';
import { describeBatch, oneTransaction, type Commit } from './ports/commit.ts';
import { FAITHFUL, type Composition } from './composition.ts';
import {
  listSkipsTheComparison,
  skipsWhatIsGone,
  stopsAtABigEvent,
  stopsAtAStrangeEvent,
  stopsAtAStrangeStream,
  tablesSkipTheComparison,
} from './log-mutants.ts';
import { recordOfValues } from './ports/table-server.ts';

/** A deliberate bug: the faithful composition with one broken part. */
export interface Mutant {
  readonly name: string;
  /** One clause for the table in docs/simulation.md. */
  readonly what: string;
  readonly composition: Composition;
}

/** The decider accepts an outcome while the job is unfinished, whoever holds the lease. */
const noCompletionFence = (real: JobDecider): JobDecider => ({
  ...real,
  decide: (command, job) => {
    if (command.type !== 'CompleteAttempt' || job.state === 'absent' || !isActive(job.state))
      return real.decide(command, job);
    const { fencingToken } = command;
    return real.decide(command, { ...job, state: 'converting', fencingToken, workerId: '', leaseUntil: '' });
  },
});

/** A claimed job leaves the list at once, like a message in a queue that acknowledges on receipt. */
const acknowledgeFirst: Composition['workList'] = (real, server) => ({
  ...real,
  claim: async (workerId, max, reserveMs) => {
    const items = await real.claim(workerId, max, reserveMs);
    for (const { jobId } of items) server.rows.delete(jobId);
    return items;
  },
});

const checkpointFirst: Commit = async (world, life, tables, batch) => {
  await oneTransaction(world, life, describeBatch('move the checkpoint for', batch), () => {
    tables.assertMayWrite(batch);
    tables.moveCheckpoint(batch);
  });
  await oneTransaction(world, life, describeBatch('write', batch), () => {
    tables.writeRows(batch.changes);
    tables.writeDerived(batch.changes);
  });
};

const splitTransaction: Commit = async (world, life, tables, batch) => {
  await oneTransaction(world, life, describeBatch('write the jobs of', batch), () => {
    tables.assertMayWrite(batch);
    tables.writeRows(batch.changes);
  });
  await oneTransaction(world, life, describeBatch('write the rest of', batch), () => {
    tables.assertMayWrite(batch);
    tables.writeDerived(batch.changes);
    tables.moveCheckpoint(batch);
  });
};

const randomEventIds: Composition['log'] = (real) => ({
  ...real,
  append: (stream, events, expected) => real.append(stream, renamed(stream, events, expected), expected),
});

/** Gives the events new ids and a correct hash chain, so that only the ids are wrong. */
function renamed(
  stream: string,
  events: readonly EventToAppend[],
  expected: ExpectedRevision,
): readonly EventToAppend[] {
  const fresh = events.map((event) => ({ ...event, id: randomUUID() }));
  const links = events[0] && linksOf(events[0]);
  if (!links) return fresh;
  const revision = expected === 'no_stream' ? -1n : expected;
  return chained(fresh, { stream, revision, hash: links.previousHash }).events;
}

/** The key of the result does not name its attempt. */
const randomResultKey: Composition['convert'] = (real, blobs) => async (task, signal) => {
  const converted = await real(task, signal);
  const named = resultKeyOf(task.jobId, task.fencingToken, task.startHash);
  const key = `${RESULTS_PREFIX}${task.jobId}/${randomUUID()}`;
  const { stream } = await blobs.open(named);
  await blobs.put(key, stream, { maxBytes: converted.result.bytes });
  await blobs.remove(named);
  return { ...converted, result: { ...converted.result, blobKey: key } };
};

/** Retention decides by the job in the read tables, which may be older than the stream. */
const retentionTrustsTables: Composition['retention'] = (real, tables) => ({
  ...real,
  decider: {
    ...real.decider,
    decide: (command, job) => {
      const values = job.state === 'absent' ? undefined : tables.tables().rows.get(job.jobId);
      const shown = values && jobsProjection.rows.rowOf(recordOfValues(values)).job;
      return real.decider.decide(command, shown ?? job);
    },
  },
});

/** Retention removes the file first, and then appends the event. */
const deleteFirst: Composition['retention'] = (real) => ({
  ...real,
  log: {
    ...real.log,
    append: async (stream, events, expected) => {
      for (const { type, data } of events) {
        const { blobKey } = data as { blobKey?: string };
        if (type.endsWith('Expired') && blobKey !== undefined) await real.blobs.remove(blobKey);
      }
      return real.log.append(stream, events, expected);
    },
  },
});

/** The age of a blob is measured by the clock of the caller, not by the clock of the store. */
const ageByOwnClock: Composition['retention'] = (real) => ({
  ...real,
  blobs: { ...real.blobs, now: () => Promise.resolve(real.clock.now()) },
});

/** Looks up a known document in the read tables. An unknown document gets a new id. */
const dedupeByReadModel: Composition['jobId'] = ({ owner, mapping, sha256 }, tables, random) => {
  for (const values of tables.tables().rows.values()) {
    const row = recordOfValues(values);
    if (row['owner'] === owner && row['sha256'] === sha256) return String(row['job_id']);
  }
  return jobIdOf(`${owner}-${random.hex(8)}`, mapping, sha256);
};

/** A resumed subscription begins one row too late. */
const resumeOffByOne: Composition['page'] = (real, phase) =>
  phase === 'resume' ? { ...real, rows: real.rows.slice(1) } : real;

/** Reports a lost lease only once, even if the attempt was not abandoned then. */
const forgetfulSweeper: Composition['workList'] = (real): WorkList => {
  const told = new Set<string>();
  return {
    ...real,
    lostLeases: async (silentMs, trustSilence, max) => {
      const lost = await real.lostLeases(silentMs, trustSilence, max);
      const news = lost.filter(({ jobId, fencingToken }) => !told.has(`${jobId} ${fencingToken}`));
      for (const { jobId, fencingToken } of news) told.add(`${jobId} ${fencingToken}`);
      return news;
    },
    untouched: () => Promise.resolve([]),
  };
};

/** The feeder continues from its own position, past events that a crash removed from the list. */
const feedBehindTheGap: Composition['workList'] = (real, server) => ({
  ...real,
  apply: (changes, move, epoch) => real.apply(changes, { ...move, from: server.position() }, epoch),
});

/** After a freeze, the processor begins a held claim, even if another worker has the job. */
const beginsWhatHasLapsed: Composition['createAhead'] = (limits) =>
  claimsAhead({ ...limits, sureMs: Number.POSITIVE_INFINITY });

/** Leaves out the rows of jobs that were begun at once, because a worker already has them. */
const beginsWithoutARow: Composition['workList'] = (real) => ({
  ...real,
  apply: (changes, move, epoch) =>
    real.apply(
      changes.filter(({ placement }) => placement.place !== 'claimed'),
      move,
      epoch,
    ),
});

/** All deliberate bugs. `mutants.sim.test.ts` checks that 2,000 seeds catch each of them. */
export const MUTANTS: readonly Mutant[] = [
  mutant('no-completion-fence', 'an outcome is taken from an attempt that lost its lease', {
    decider: noCompletionFence,
  }),
  mutant('acknowledge-before-lease', 'a claimed job leaves the list before its lease is in the log', {
    workList: acknowledgeFirst,
  }),
  mutant('checkpoint-before-rows', 'the checkpoint is committed before the rows', {
    commit: checkpointFirst,
  }),
  mutant('split-transaction', 'jobs are committed apart from their timeline and checkpoint', {
    commit: splitTransaction,
  }),
  mutant('random-event-ids', 'an append whose reply was lost is repeated under other event ids', {
    log: randomEventIds,
  }),
  mutant('random-result-key', 'the key of a result does not name its attempt', { convert: randomResultKey }),
  mutant('cleanup-from-read-model', 'retention trusts the read tables', {
    retention: retentionTrustsTables,
  }),
  mutant('delete-before-event', 'a file is deleted before the log says so', { retention: deleteFirst }),
  mutant('age-by-own-clock', 'retention tells the age of a blob by its own clock', {
    retention: ageByOwnClock,
  }),
  mutant('dedupe-by-read-model', 'a known document is looked up in the read tables', {
    jobId: dedupeByReadModel,
  }),
  mutant('resume-off-by-one', 'a resumed subscription skips a row', { page: resumeOffByOne }),
  mutant('forgetful-sweeper', 'a lost lease is looked at once and never again', {
    workList: forgetfulSweeper,
  }),
  mutant('feed-behind-the-gap', 'the feeder goes on behind what a crash took from the work list', {
    workList: feedBehindTheGap,
  }),
  mutant('tables-skip-the-comparison', 'tables of another log are gone on with', tablesSkipTheComparison),
  mutant('list-skips-the-comparison', 'a work list of another log is gone on with', listSkipsTheComparison),
  mutant(
    'skips-what-is-gone',
    'a slow follower loses the events that have left the shared ring',
    skipsWhatIsGone,
  ),
  mutant('stops-at-a-strange-stream', 'a stream of no job ends the feed', stopsAtAStrangeStream),
  mutant('stops-at-a-strange-event', 'an event that is not understood ends the feed', stopsAtAStrangeEvent),
  mutant('stops-at-a-big-event', 'an event of 1 MB ends the feed', stopsAtABigEvent),
  mutant('begins-what-has-lapsed', 'a claim ahead is begun after its reservation has lapsed', {
    createAhead: beginsWhatHasLapsed,
  }),
  mutant('begins-without-a-row', 'a job that is begun at once leaves no row on the work list', {
    workList: beginsWithoutARow,
  }),
  mutant('start-named-by-revision', 'two claims of one worker at one revision start under one command id', {
    commands: startNamedByRevision,
  }),
  mutant(
    'replay-removes-its-blob',
    'an upload that was answered by another process removes the blob it stored',
    {
      isUnneeded: ({ replayed }) => replayed,
    },
  ),
];

/** The id of a start without the part that differs between claims. */
function startNamedByRevision(real: JobCommands): JobCommands {
  return {
    ...real,
    sendUntil: (asked, untilMs, known) => {
      const { command, jobId } = asked;
      if (command.type !== 'StartAttempt' || !known) return real.sendUntil(asked, untilMs, known);
      const commandId = commandIdOf('start', jobId, known.job.revision.toString(), command.workerId);
      return real.sendUntil({ ...asked, commandId }, untilMs, known);
    },
  };
}

function mutant(name: string, what: string, broken: Partial<Composition>): Mutant {
  return { name, what, composition: { ...FAITHFUL, ...broken } };
}
