import { Counter, Gauge, type Metrics } from '../../runtime/metrics/metrics.ts';
import type { RemovedFile } from './cleanup-report.ts';

export interface RetentionMetrics {
  /** Removed files by kind and reason. */
  readonly files: Counter<'kind' | 'why'>;
  readonly bytes: Counter;
  readonly partials: Counter;
  /** Full runs by outcome: `done`, `failed`. */
  readonly runs: Counter<'outcome'>;
  readonly lastRun: Gauge;
  readonly notUnderstood: Gauge;
  removed(file: RemovedFile): void;
}

export function retentionMetrics(registry: Metrics): RetentionMetrics {
  const registers = [registry];
  const files = new Counter({
    name: 'docket_retention_files_total',
    help: 'Files removed by retention',
    labelNames: ['kind', 'why'],
    registers,
  });
  const bytes = new Counter({
    name: 'docket_retention_bytes_total',
    help: 'Bytes of the files removed by retention',
    registers,
  });
  return {
    files,
    bytes,
    partials: new Counter({
      name: 'docket_retention_partials_total',
      help: 'Unfinished writes removed by retention',
      registers,
    }),
    runs: new Counter({
      name: 'docket_retention_runs_total',
      help: 'Full runs of retention by outcome',
      labelNames: ['outcome'],
      registers,
    }),
    lastRun: new Gauge({
      name: 'docket_retention_last_run_timestamp_seconds',
      help: 'When this processor last ended a full run of retention; 0 if it never did',
      registers,
    }),
    notUnderstood: new Gauge({
      name: 'docket_retention_not_understood_files',
      help: 'Files that the last full run kept because an event of their job is not understood',
      registers,
    }),
    removed: ({ kind, why, bytes: length }) => {
      files.inc({ kind, why });
      bytes.inc(length);
    },
  };
}
