import { latencyBoundOf } from '../schemas/latency-buckets.ts';
import type { JobEvent } from '../schemas/events/job-events.ts';
import type { Job } from './job.ts';

/**
 * The figures counted for jobs. Most figures count events. `jobs`, `*_files` and `*_bytes` are changes of a stock:
 * their sum up to a moment is the stock at that moment.
 */
export type FigureName =
  | 'submitted'
  | 'succeeded'
  | 'failed'
  | 'deferred'
  | 'abandoned'
  | 'cancelled'
  | 'downloads'
  | 'removed_sources'
  | 'removed_results'
  | 'removed_bytes'
  | 'latency'
  | 'jobs'
  | 'source_files'
  | 'source_bytes'
  | 'result_files'
  | 'result_bytes';

/** A number that an event adds. `detail` separates the codes, states or buckets of one figure. */
export interface Figure {
  readonly name: FigureName;
  readonly detail: string;
  readonly value: number;
}

/**
 * Computes the figures of one event from the job before and after the event. The function is pure. It reads only
 * three parts of the job: the state, the failure's code and the bytes of its files. An event that changes nothing
 * adds nothing, for example the outcome of an attempt that lost its lease.
 */
export function figuresOf(event: JobEvent, before: Job, after: Job): Figure[] {
  const figures: Figure[] = [];
  const add = (name: FigureName, value: number, detail = ''): void => {
    if (value !== 0) figures.push({ name, detail, value });
  };
  flowOf(event, before, after, add);
  const stoodAt = placeOf(before);
  const standsAt = placeOf(after);
  if (stoodAt !== standsAt) {
    if (stoodAt !== null) add('jobs', -1, stoodAt);
    if (standsAt !== null) add('jobs', 1, standsAt);
  }
  const had = filesOf(before);
  const has = filesOf(after);
  add('source_files', has.sourceFiles - had.sourceFiles);
  add('source_bytes', has.sourceBytes - had.sourceBytes);
  add('result_files', has.resultFiles - had.resultFiles);
  add('result_bytes', has.resultBytes - had.resultBytes);
  return figures;
}

type Add = (name: FigureName, value: number, detail?: string) => void;

function flowOf(event: JobEvent, before: Job, after: Job, add: Add): void {
  const moved = before.state !== after.state;
  switch (event.type) {
    case 'ConversionRequested':
      return add('submitted', 1);
    case 'ConversionSucceeded':
      if (!moved) return;
      add('succeeded', 1);
      return add('latency', 1, String(latencyBoundOf(event.data.gatewayMs)));
    case 'ConversionFailed':
      return moved ? add('failed', 1, event.data.code) : undefined;
    case 'ConversionDeferred':
      return moved ? add('deferred', 1) : undefined;
    case 'AttemptAbandoned':
      return moved ? add('abandoned', 1) : undefined;
    case 'ConversionCancelled':
      return moved ? add('cancelled', 1) : undefined;
    case 'ResultDownloaded':
      return add('downloads', 1);
    case 'ResultExpired':
      if (!moved) return;
      add('removed_results', 1);
      return add('removed_bytes', filesOf(before).resultBytes);
    case 'SourceExpired':
      add('removed_sources', filesOf(before).sourceFiles);
      return add('removed_bytes', filesOf(before).sourceBytes);
    case 'DocumentUploaded':
    case 'ConversionStarted':
      return;
    default:
      return event satisfies never;
  }
}

/** The place where a job is counted: its state, and the code if it failed; null before the job exists. */
function placeOf(job: Job): string | null {
  if (job.state === 'absent') return null;
  return job.state === 'failed' ? `failed:${job.failure.code}` : job.state;
}

function filesOf(job: Job) {
  const hasSource = job.state !== 'absent' && job.sourceBlobKey !== null;
  const hasResult = job.state === 'ready';
  return {
    sourceFiles: hasSource ? 1 : 0,
    sourceBytes: hasSource ? job.bytes : 0,
    resultFiles: hasResult ? 1 : 0,
    resultBytes: hasResult ? job.conversion.result.bytes : 0,
  };
}
