import { useEffect, useState } from 'preact/hooks';
import type {
  JobView,
  TimelineAnswer,
  TimelineEntry,
  WhyAnswer,
} from '../../../schemas/protocols/http-api.ts';
import { useApp, type JobsBase } from '../app.ts';
import { isActive } from '../jobs/states.ts';
import { ApiFailure, askJson } from '../live/api.ts';
import { useStore } from '../store.ts';

/** The most pages of a timeline that the job page reads. The raw events show further events. */
const TIMELINE_PAGES_MAX = 20;

/** All data of the job page that has arrived so far. */
export interface JobStory {
  readonly job: JobView | null;
  readonly entries: readonly TimelineEntry[] | null;
  readonly why: WhyAnswer | null;
  readonly failure: ApiFailure | null;
}

/** A job of another owner is not in the live queue. While it is active, the page polls it at this interval. */
const ASK_AGAIN_MS = 2_000;

/**
 * Follows one job. Its row comes from the live queue; the history and the explanation are read again when the row
 * changes.
 */
export function useJobStory(jobId: string, base: JobsBase): JobStory & { readonly again: () => void } {
  const app = useApp();
  const row = useStore(app.queue, ({ jobs }) => jobs.get(jobId) ?? null);
  const [asked, setAsked] = useState(0);
  const [story, setStory] = useState<JobStory>({ job: null, entries: null, why: null, failure: null });
  const revision = row?.revision ?? -1;

  useEffect(() => {
    let wanted = true;
    readStory(`${base}/${jobId}`, row?.position).then(
      (next) => wanted && setStory({ ...next, failure: null }),
      (error: unknown) => {
        if (!(error instanceof ApiFailure)) throw error;
        if (wanted) setStory((now) => ({ ...now, failure: error }));
      },
    );
    return () => {
      wanted = false;
    };
  }, [jobId, revision, asked]);

  const isForeign = row === null && story.job !== null && isActive(story.job);
  useEffect(() => {
    if (!isForeign) return;
    const timer = setInterval(() => setAsked((count) => count + 1), ASK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [isForeign]);

  return { ...story, job: row ?? story.job, again: () => setAsked((count) => count + 1) };
}

async function readStory(place: string, atLeast: string | undefined): Promise<Omit<JobStory, 'failure'>> {
  const moment = atLeast === undefined ? '' : `atLeast=${atLeast}`;
  const [job, entries, why] = await Promise.all([
    askJson<JobView>(`${place}?${moment}`),
    readTimeline(place, moment),
    readWhy(place),
  ]);
  return { job, entries, why };
}

/** Null when the job's stream was deleted from the log, although the list still shows the job. */
async function readWhy(place: string): Promise<WhyAnswer | null> {
  return askJson<WhyAnswer>(`${place}/why`).catch((error: unknown) => {
    if (error instanceof ApiFailure && error.code === 'NOT_FOUND') return null;
    throw error;
  });
}

async function readTimeline(place: string, moment: string): Promise<TimelineEntry[]> {
  const entries: TimelineEntry[] = [];
  let from: number | null = 0;
  for (let page = 0; from !== null && page < TIMELINE_PAGES_MAX; page += 1) {
    const answer: TimelineAnswer = await askJson(`${place}/timeline?fromRevision=${from}&${moment}`);
    entries.push(...answer.entries);
    from = answer.next ?? null;
  }
  return entries;
}
