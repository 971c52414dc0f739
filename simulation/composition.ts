import type { BlobStore } from '../blob-store/blob-store.ts';
import type { JobDecider } from '../conversion-job/decider.ts';
import type { EventLog } from '../event-store/event-log.ts';
import { createEventRing } from '../event-store/live-tail/event-ring.ts';
import type { differenceFrom } from '../event-store/log-difference.ts';
import { claimsAhead } from '../processor/attempts/claims-ahead.ts';
import type { Convert } from '../processor/attempts/converter.ts';
import type { JobCommands } from '../processor/job-stream/job-commands.ts';
import type { WorkList } from '../processor/work-list/work-list.ts';
import type { Page } from '../query-api/change-feed/page.ts';
import type { Clock } from '../runtime/clock.ts';
import { jobIdOf } from '../schemas/name-based-ids.ts';
import type { MappingRef } from '../schemas/events/job-events.ts';
import { commitInOne, type Commit } from './ports/commit.ts';
import type { Seeded } from './engine/seeded.ts';
import type { TableServer } from './ports/table-server.ts';
import type { WorkListServer } from './ports/work-list-server.ts';

/** The parts of an upload from which the id of its job is chosen. */
export interface Identified {
  readonly owner: string;
  readonly mapping: MappingRef;
  readonly sha256: string;
}

/** The ports of retention. */
export interface RetentionParts {
  readonly log: EventLog;
  readonly blobs: BlobStore;
  readonly decider: JobDecider;
  readonly clock: Clock;
}

/**
 * The replaceable parts of a simulated installation. The faithful composition changes nothing. A mutant puts a broken
 * part in one of these places, and the product's own code is not changed.
 */
export interface Composition {
  readonly decider: (real: JobDecider) => JobDecider;
  readonly log: (real: EventLog, random: Seeded) => EventLog;
  /** Creates the buffer from which the followers of one process read live events. */
  readonly createRing: typeof createEventRing;
  readonly workList: (real: WorkList, server: WorkListServer) => WorkList;
  /** Creates the list of jobs that a processor has claimed but not begun. */
  readonly createAhead: typeof claimsAhead;
  /** The commands of a processor. */
  readonly commands: (real: JobCommands) => JobCommands;
  readonly convert: (real: Convert, blobs: BlobStore, random: Seeded) => Convert;
  readonly jobId: (upload: Identified, tables: TableServer, random: Seeded) => string;
  /** Tells, from the answer to an upload, whether its blob is not needed. */
  readonly isUnneeded: (upload: { readonly replayed: boolean; readonly carriedOut: boolean }) => boolean;
  readonly commit: Commit;
  /** The function that compares the projector's checkpoint with the log. */
  readonly compare: (real: typeof differenceFrom) => typeof differenceFrom;
  /** Replaces the ports of retention. */
  readonly retention: (real: RetentionParts, tables: TableServer) => RetentionParts;
  /** The function with which a subscription reads its next page. */
  readonly page: (real: Page, phase: 'snapshot' | 'resume' | 'chase' | 'live') => Page;
}

export const FAITHFUL: Composition = {
  decider: (real) => real,
  log: (real) => real,
  createRing: createEventRing,
  workList: (real) => real,
  createAhead: claimsAhead,
  commands: (real) => real,
  convert: (real) => real,
  jobId: ({ owner, mapping, sha256 }) => jobIdOf(owner, mapping, sha256),
  isUnneeded: ({ replayed, carriedOut }) => replayed && !carriedOut,
  commit: commitInOne,
  compare: (real) => real,
  retention: (real) => real,
  page: (real) => real,
};
