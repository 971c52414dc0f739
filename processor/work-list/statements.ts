import { createHash } from 'node:crypto';
import { readStoreError } from '../../read-store/errors.ts';
import type { ReadStore } from '../../read-store/pool.ts';

/** SQLSTATE: a prepared statement that the server does not have, or has already (a pooler mixes connections up). */
const PREPARED_STATEMENT_LOST = new Set(['26000', '42P05']);

export type RunStatement = <Row extends object>(
  text: string,
  values?: readonly unknown[],
) => Promise<readonly Row[]>;

/**
 * Runs statements prepared once a connection: planning the claim costs more than running it. Behind a pooler that
 * cannot do that, statements are sent as they are from the first failure on.
 */
export function statements(store: ReadStore): RunStatement {
  let prepares = true;
  const names = new Map<string, string>();
  const nameOf = (text: string): string => {
    const name = names.get(text) ?? `docket_${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
    names.set(text, name);
    return name;
  };
  return async <Row extends object>(
    text: string,
    values: readonly unknown[] = [],
  ): Promise<readonly Row[]> => {
    if (!prepares) return (await store.query<Row>(text, values)).rows;
    try {
      return (await store.pool.query<Row>({ name: nameOf(text), text, values: [...values] })).rows;
    } catch (error) {
      if (!PREPARED_STATEMENT_LOST.has((error as { code?: string }).code ?? '')) throw readStoreError(error);
      prepares = false;
      return (await store.query<Row>(text, values)).rows;
    }
  };
}
