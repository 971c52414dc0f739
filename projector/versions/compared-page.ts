import type { Queryable, ReadStore } from '../../read-store/pool.ts';
import type { Compared } from '../registry.ts';

/** The schemas of two versions, and the tables to compare in them. */
export interface Pair {
  readonly from: string;
  readonly to: string;
  readonly compared: Compared;
}

/** The next keys of either version, in order. */
export async function keysAfter(
  on: Queryable,
  { from, to, compared: { key, rows } }: Pair,
  after: string | null,
  count: number,
): Promise<string[]> {
  const some = (schema: string) =>
    `(select ${key.name} as key from ${schema}.${rows}
      where $1::text is null or ${key.name} > $1::${key.type} order by ${key.name} limit $2)`;
  const { rows: found } = await on.query<{ key: string }>(
    `select key::text as key from (${some(from)} union ${some(to)}) either order by either.key limit $2`,
    [after, count],
  );
  return found.map((row) => row.key);
}

interface ComparedPage {
  readonly different: readonly { readonly key: string; readonly table: string }[];
  /** Keys at different revisions, because one of the versions is slightly behind. */
  readonly moving: string[];
}

/** Compares all rows of these keys, with both versions in one snapshot. */
export async function differingKeys(
  store: ReadStore,
  pair: Pair,
  keys: readonly string[],
): Promise<ComparedPage> {
  const { key, rows, tables } = pair.compared;
  return store.transaction(async (within) => {
    await within.query('set transaction isolation level repeatable read read only');
    const { rows: unequal } = await within.query<{ key: string }>(
      `select coalesce(a.${key.name}, b.${key.name})::text as key
       from (select ${key.name}, revision from ${pair.from}.${rows} where ${key.name} = any($1::${key.type}[])) a
       full join (select ${key.name}, revision from ${pair.to}.${rows} where ${key.name} = any($1::${key.type}[])) b
         on a.${key.name} = b.${key.name}
       where a.revision is distinct from b.revision`,
      [keys],
    );
    const moving = unequal.map((row) => row.key);
    const settled = keys.filter((each) => !moving.includes(each));
    const different: { key: string; table: string }[] = [];
    for (const table of tables)
      for (const each of await differingIn(within, pair, table, settled))
        different.push({ key: each, table });
    return { different, moving };
  });
}

async function differingIn(
  within: Queryable,
  { from, to, compared: { key } }: Pair,
  table: string,
  keys: readonly string[],
): Promise<string[]> {
  const columns = await commonColumns(within, `${from}.${table}`, `${to}.${table}`);
  // Writes each row as text. The rows of a key are sorted by that text, because a table has no order.
  const digest = (schema: string) =>
    `(select ${key.name} as key, md5(string_agg(line, '' order by line)) as digest
      from (select ${key.name}, jsonb_build_array(${columns.join(', ')})::text as line
            from ${schema}.${table} where ${key.name} = any($1::${key.type}[])) lines
      group by ${key.name})`;
  const { rows } = await within.query<{ key: string }>(
    `select coalesce(a.key, b.key)::text as key from ${digest(from)} a full join ${digest(to)} b on a.key = b.key
     where a.digest is distinct from b.digest`,
    [keys],
  );
  return rows.map((row) => row.key);
}

async function commonColumns(within: Queryable, one: string, other: string): Promise<string[]> {
  const { rows } = await within.query<{ name: string }>(
    `select a.attname as name from pg_attribute a join pg_attribute b on b.attname = a.attname
     where a.attrelid = to_regclass($1) and b.attrelid = to_regclass($2)
       and a.attnum > 0 and b.attnum > 0 and not a.attisdropped and not b.attisdropped order by a.attnum`,
    [one, other],
  );
  return rows.map((row) => row.name);
}
