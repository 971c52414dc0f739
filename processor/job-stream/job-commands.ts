import type { Refusal } from '../../conversion-job/decide.ts';
import type { JobDecider } from '../../conversion-job/decider.ts';
import type { Job } from '../../conversion-job/job.ts';
import { LogUnavailable, StreamMovedOn } from '../../event-store/errors.ts';
import { chained } from '../../event-store/event-hash.ts';
import type { EventLog } from '../../event-store/event-log.ts';
import { handleCommand, loadStream, sealed, type Handled } from '../../event-store/handle-command.ts';
import { retry } from '../../runtime/retry.ts';
import type { JobCommand } from '../../schemas/job-commands.ts';
import type { JobEvent } from '../../schemas/events/job-events.ts';
import { jobStream } from '../../schemas/events/streams.ts';
import type { KnownJob } from '../work-list/snapshot.ts';

/** The wait between two tries while the log does not answer. */
const BACKOFF = { firstMs: 200, maxMs: 2_000 };

export type HandledJob = Handled<Job, JobEvent, Refusal>;

/** A command that the processor may send again. Its id ensures that it takes effect once. */
export interface IdentifiedCommand {
  readonly jobId: string;
  readonly command: JobCommand;
  readonly commandId: string;
  /** Links the commands of one attempt. */
  readonly correlationId: string;
}

export interface JobCommands {
  /** @throws LogUnavailable, StreamMovedOn, EventNotUnderstood */
  send(asked: IdentifiedCommand): Promise<HandledJob>;
  /**
   * Sends a command, and retries until `untilMs` (of `performance.now()`) while the log does not answer.
   *
   * @param known the job after this worker's last append. The decision starts from this job and its revision, which
   * saves a read. When the stream has newer events, the command reads them.
   * @throws LogUnavailable when the time is over; StreamMovedOn, EventNotUnderstood
   */
  sendUntil(asked: IdentifiedCommand, untilMs: number, known?: KnownJob): Promise<HandledJob>;
  /**
   * Reads and folds a job's stream.
   *
   * @param through commit position of the last event to read; by default the end of the stream
   * @throws LogUnavailable, EventNotUnderstood
   */
  look(
    jobId: string,
    through?: bigint,
  ): Promise<{ job: Job; revision: bigint; hash: string | null; position: bigint }>;
}

/** Sends commands to jobs in the name of one processor. */
export function jobCommands(log: EventLog, decider: JobDecider, actor: string): JobCommands {
  const contextOf = ({ commandId, correlationId }: IdentifiedCommand) => ({
    commandId,
    correlationId,
    actor,
  });
  const send = (asked: IdentifiedCommand): Promise<HandledJob> =>
    handleCommand(log, decider, jobStream(asked.jobId), asked.command, contextOf(asked));

  const sendKnowing = async (
    asked: IdentifiedCommand,
    { job: known, hash }: KnownJob,
  ): Promise<HandledJob> => {
    const decision = decider.decide(asked.command, known);
    if ('refused' in decision || decision.accepted.length === 0) return send(asked);
    const events = decision.accepted;
    try {
      const stream = jobStream(asked.jobId);
      const links = chained(sealed(events, contextOf(asked)), { stream, revision: known.revision, hash });
      const appended = await log.append(stream, links.events, known.revision);
      const state = events.reduce<Job>(
        (job, event, index) => decider.evolve(job, event, known.revision + 1n + BigInt(index)),
        known,
      );
      return { outcome: 'accepted', state, events, ...appended, hash: links.end.hash };
    } catch (error) {
      if (error instanceof StreamMovedOn) return send(asked);
      throw error;
    }
  };

  return {
    send,
    sendUntil: (asked, untilMs, known) =>
      retry(() => (known === undefined ? send(asked) : sendKnowing(asked, known)), {
        backoff: BACKOFF,
        untilMs,
        isPassing: (error) => error instanceof LogUnavailable,
      }),
    look: async (jobId, through) => {
      const stream = jobStream(jobId);
      const { state, revision, hash, position } = await loadStream(log, decider, stream, { through });
      return { job: state, revision, hash, position };
    },
  };
}
