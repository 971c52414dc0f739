import type pg from 'pg';
import { ask, type Queryable } from './queryable.ts';
import { sha256 } from '../runtime/sha256.ts';

/** SQLSTATE: a prepared statement that the server does not have, or has already (a pooler mixes connections up). */
const PREPARED_STATEMENT_LOST = new Set(['26000', '42P05']);

/**
 * Runs statements prepared once a connection, for those whose planning costs as much as running them. Behind a pooler
 * that cannot do that, statements are sent as they are from the first failure on. For texts of a small, fixed number:
 * each is kept.
 */
export function preparedStatements(pool: pg.Pool): Queryable['query'] {
  let prepares = true;
  const names = new Map<string, string>();
  const nameOf = (text: string): string => {
    const name = names.get(text) ?? `docket_${sha256(text).slice(0, 16)}`;
    names.set(text, name);
    return name;
  };
  return async (text, values) => {
    if (!prepares) return ask(pool, text, values);
    try {
      return await ask(pool, text, values, nameOf(text));
    } catch (error) {
      if (!PREPARED_STATEMENT_LOST.has((error as { code?: string }).code ?? '')) throw error;
      prepares = false;
      return ask(pool, text, values);
    }
  };
}
