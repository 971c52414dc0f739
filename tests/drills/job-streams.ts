import { evolve } from '../../conversion-job/evolve.ts';
import { ABSENT, type Job } from '../../conversion-job/job.ts';
import type { EventLog, RecordedEvent } from '../../event-store/event-log.ts';
import { understandEvent } from '../../schemas/events/event-versions.ts';
import type { JobEvent } from '../../schemas/events/job-events.ts';
import { isActive } from '../../schemas/job-states.ts';
import { JOB_STREAM_PREFIX, jobIdOfStream, jobStream } from '../../schemas/events/streams.ts';
import type { DrillInstallation } from './drill-installation.ts';
import { DrillFailed, within } from './claims.ts';

/** A job, folded from its stream. */
export interface JobStory {
  readonly jobId: string;
  readonly job: Job;
  readonly events: readonly { readonly revision: bigint; readonly event: JobEvent }[];
}

/**
 * Returns every job of the log, except the jobs that were spoiled on purpose. Each call continues to read where the
 * previous call ended.
 */
function storyReader(installation: DrillInstallation, log: EventLog): () => Promise<Map<string, JobStory>> {
  const stories = new Map<string, JobStory>();
  let after: bigint | 'start' = 'start';
  return async () => {
    for await (const event of log.readAll(after, { streamPrefixes: [JOB_STREAM_PREFIX] })) {
      const jobId = jobIdOfStream(event.stream);
      if (jobId !== null && !installation.spoiled.has(jobId))
        stories.set(jobId, toldOn(stories.get(jobId) ?? untold(jobId), event));
      after = event.position;
    }
    return stories;
  };
}

export async function storyOf(installation: DrillInstallation, jobId: string): Promise<JobStory> {
  let story = untold(jobId);
  for await (const event of installation.log.readStream(jobStream(jobId))) story = toldOn(story, event);
  return story;
}

function untold(jobId: string): JobStory {
  return { jobId, job: ABSENT, events: [] };
}

function toldOn({ jobId, job, events }: JobStory, recorded: RecordedEvent): JobStory {
  const event = understandEvent(recorded) as JobEvent;
  const { revision } = recorded;
  return { jobId, job: evolve(job, event, revision), events: [...events, { revision, event }] };
}

/** Types of a job's events, with the code or cause they carry. */
export async function historyOf(installation: DrillInstallation, jobId: string): Promise<string[]> {
  return (await storyOf(installation, jobId)).events.map(({ event }) => {
    const { code, cause } = event.data as { code?: string; cause?: string };
    return [event.type, code ?? cause].filter(Boolean).join(' ');
  });
}

/** Waits until a job is in one of the states. @throws DrillFailed */
export async function untilState(
  installation: DrillInstallation,
  jobId: string,
  states: readonly Job['state'][],
  { withinMs = 20_000, everyMs = 50 }: { readonly withinMs?: number; readonly everyMs?: number } = {},
): Promise<Job> {
  let { job } = await storyOf(installation, jobId);
  const isThere = async (): Promise<boolean> => {
    ({ job } = await storyOf(installation, jobId));
    return states.includes(job.state);
  };
  await within(withinMs, `job ${jobId} is ${states.join(' or ')}`, isThere, everyMs).catch(
    (error: unknown) => {
      throw new DrillFailed(`${error instanceof Error ? error.message : String(error)}; it is ${job.state}`);
    },
  );
  return job;
}

/** Waits until every acknowledged job has come to its end. @throws DrillFailed */
export async function untilAllFinal(
  installation: DrillInstallation,
  withinMs: number,
  log: EventLog = installation.log,
): Promise<Map<string, JobStory>> {
  const read = storyReader(installation, log);
  let stories = new Map<string, JobStory>();
  let open: string[] = [];
  await within(
    withinMs,
    'every acknowledged job is final (I1)',
    async () => {
      stories = await read();
      open = [...installation.acknowledged.keys()].filter((jobId) => {
        const state = stories.get(jobId)?.job.state ?? 'absent';
        return state === 'absent' || isActive(state);
      });
      return open.length === 0;
    },
    200,
  ).catch((error: unknown) => {
    const shown = open.slice(0, 3).map((jobId) => {
      const story = stories.get(jobId);
      return `${jobId} ${story?.job.state ?? 'absent'}: ${story?.events.map(({ event }) => event.type).join(', ') ?? ''}`;
    });
    throw new DrillFailed(
      `${error instanceof Error ? error.message : String(error)}: ${open.length}, such as ${shown.join('; ')}`,
    );
  });
  return stories;
}
