import type { Queryable } from '../../read-store/pool.ts';

interface Column {
  readonly name: string;
  readonly type: string;
}

/**
 * Points the view in schema `docket` at the table of `schema`. A view cannot lose a column on which other views depend.
 * So the view shows null for a column that the table lacks, and puts new columns last.
 */
export async function pointViewAt(within: Queryable, schema: string, table: string): Promise<void> {
  const shown = await columnsOf(within, `docket.${table}`);
  const stored = await columnsOf(within, `${schema}.${table}`);
  const has = (name: string) => stored.some((column) => column.name === name);
  const kept = shown.map(({ name, type }) => (has(name) ? name : `null::${type} as ${name}`));
  const added = stored.filter(({ name }) => !shown.some((column) => column.name === name));
  const columns = [...kept, ...added.map(({ name }) => name)].join(', ');
  await within.query(`create or replace view docket.${table} as select ${columns} from ${schema}.${table}`);
}

async function columnsOf(within: Queryable, relation: string): Promise<readonly Column[]> {
  const { rows } = await within.query<Column>(
    `select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute
     where attrelid = to_regclass($1) and attnum > 0 and not attisdropped order by attnum`,
    [relation],
  );
  return rows;
}
