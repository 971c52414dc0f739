/** The parts that the writing calls share. */
import type { Guard } from './guard.ts';
import type { StoreLimits } from '../storage/store-limits.ts';
import type { Log } from '../storage/open-log.ts';

export interface WriteSide {
  readonly submit: Log['submit'];
  readonly limits: StoreLimits;
  /** Refuses writes that the caller may not make. */
  readonly guard: Guard;
  readonly isLikeEventStoreDB: boolean;
  /** False while the store says that it is not ready yet. */
  readonly isReady: () => boolean;
}
