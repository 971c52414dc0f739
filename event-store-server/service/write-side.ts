/** What the calls that write need. */
import type { Guard } from './guard.ts';
import type { StoreLimits } from '../storage/store-limits.ts';
import type { Log } from '../storage/open-log.ts';

export interface WriteSide {
  readonly submit: Log['submit'];
  readonly limits: StoreLimits;
  /** What the caller may not write. */
  readonly guard: Guard;
  readonly isLikeEventStoreDB: boolean;
  /** False while the store says that it is only starting. */
  readonly isReady: () => boolean;
}
