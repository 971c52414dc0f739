import { Counter, Gauge, Histogram, type Metrics } from '../runtime/metrics/metrics.ts';

/** Metrics of uploads, for operators. */
export interface UploadMetrics {
  /** Counts files: `accepted`, `deduplicated`, or the code of the refusal. */
  readonly files: Counter<'outcome'>;
  readonly bytes: Counter;
  readonly seconds: Histogram;
  readonly aborted: Counter;
  readonly orphanedBlobs: Counter;
  readonly rejectionsDropped: Counter;
  readonly commands: Counter<'command' | 'outcome'>;
}

export function createUploadMetrics(metrics: Metrics, inFlight: () => number): UploadMetrics {
  const registers = [metrics];
  new Gauge({
    name: 'docket_uploads_in_flight_count',
    help: 'Upload requests being received',
    registers,
    collect() {
      this.set(inFlight());
    },
  });
  return {
    files: new Counter({
      name: 'docket_upload_files_total',
      help: 'Uploaded files by outcome',
      labelNames: ['outcome'],
      registers,
    }),
    bytes: new Counter({ name: 'docket_upload_bytes_total', help: 'Bytes of stored PDFs', registers }),
    seconds: new Histogram({
      name: 'docket_upload_seconds',
      help: 'Time from the headers of an upload request to its answer',
      buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
      registers,
    }),
    aborted: new Counter({
      name: 'docket_upload_aborted_total',
      help: 'Uploads whose sender disconnected before the end',
      registers,
    }),
    orphanedBlobs: new Counter({
      name: 'docket_blobs_orphaned_total',
      help: 'Blobs without a reference that could not be removed at once',
      registers,
    }),
    rejectionsDropped: new Counter({
      name: 'docket_rejected_uploads_unrecorded_total',
      help: 'Refused uploads that could not be recorded',
      registers,
    }),
    commands: new Counter({
      name: 'docket_commands_total',
      help: 'Retry and cancel commands by outcome',
      labelNames: ['command', 'outcome'],
      registers,
    }),
  };
}
