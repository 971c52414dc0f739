import type { Migration } from '../../read-store/migrations/migration.ts';
import { workList } from './0001-work-list.ts';
import { retention } from './0002-retention.ts';
import { workers } from './0003-workers.ts';
import { logMark } from './0004-log-mark.ts';

/** Schema of the processor's own tables. */
export const PROCESSOR_SCHEMA = 'processor';

/** Every step of the processor's schema, in order. */
export const PROCESSOR_MIGRATIONS: readonly Migration[] = [workList, retention, workers, logMark];
