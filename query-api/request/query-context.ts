import type { BlobStore } from '../../blob-store/blob-store.ts';
import type { RetryPolicy } from '../../conversion-job/retry-policy.ts';
import type { EventLog } from '../../event-store/event-log.ts';
import type { Queryable } from '../../read-store/pool.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log/log.ts';
import type { MappingListing } from '../../schemas/protocols/http-api.ts';
import type { ChangeFeed } from '../change-feed/change-feed.ts';
import type { SealingKeys } from '../tokens/sealed-text.ts';

/** The parts that the routes need. */
export interface QueryContext {
  readonly store: Queryable;
  readonly log: EventLog;
  readonly blobs: BlobStore;
  readonly mappings: {
    list(): readonly MappingListing[];
    find(id: string): MappingListing | null;
    fresh(): Promise<void>;
  };
  readonly feed: Pick<ChangeFeed, 'reached'>;
  readonly policy: RetryPolicy;
  readonly keys: { readonly cursor: SealingKeys; readonly token: SealingKeys };
  readonly logger: Log;
  readonly clock: Clock;
}

/** The name of a mapping for users; its id while the gateway's list is not loaded. */
export function labelOf(context: Pick<QueryContext, 'mappings'>): (mappingId: string) => string {
  return (mappingId) => context.mappings.find(mappingId)?.label ?? mappingId;
}
