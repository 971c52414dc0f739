import { ReadStoreUnavailable } from '../../read-store/read-store-errors.ts';
import { ask } from '../engine/network.ts';
import type { Life, World } from '../engine/world.ts';
import type { Batch, TableServer } from './table-server.ts';

/** Writes a folded batch and its checkpoint. */
export type Commit = (world: World, life: Life, tables: TableServer, batch: Batch) => Promise<void>;

/** Commits everything in one transaction, as `commitBatch` does. */
export const commitInOne: Commit = (world, life, tables, batch) =>
  oneTransaction(world, life, describeBatch('commit', batch), () => tables.commit(batch));

/** Runs one transaction of Postgres: completely or not at all. The answer may get lost. */
export function oneTransaction(world: World, life: Life, what: string, effect: () => void): Promise<void> {
  const unavailable = (): Error => new ReadStoreUnavailable('no answer in time');
  return ask(world, life, { what, changes: true, effect, timeoutMs: 400, unavailable });
}

export function describeBatch(doing: string, { changes, to }: Batch): string {
  return `tables: ${doing} ${changes.length} rows, checkpoint ${to}`;
}
