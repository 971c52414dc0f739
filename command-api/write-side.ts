import type { BlobStore } from '../blob-store/blob-store.ts';
import type { JobDecider } from '../conversion-job/decider.ts';
import type { EventLog } from '../event-store/event-log.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log/log.ts';
import type { MappingDirectory } from '../runtime/mapping-directory.ts';
import type { Settings } from '../schemas/settings/config.ts';
import type { Admission } from './admission/admission.ts';
import type { Idempotency } from './idempotency/idempotency.ts';
import type { OwnerStorage } from './owner-storage/owner-storage.ts';
import type { RejectedUploads } from './rejected-uploads.ts';
import type { UploadMetrics } from './upload-metrics.ts';

/** The parts that every route of the write side uses. */
export interface WriteSide {
  readonly log: EventLog;
  readonly blobs: BlobStore;
  readonly decider: JobDecider;
  readonly mappings: Pick<MappingDirectory, 'find' | 'loaded' | 'fresh'>;
  readonly idempotency: Idempotency;
  readonly admission: Admission;
  /** Null without a quota for owners. */
  readonly ownerStorage: OwnerStorage | null;
  readonly rejections: RejectedUploads;
  readonly metrics: UploadMetrics;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly logger: Log;
}
