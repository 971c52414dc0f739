import type { Column, ColumnValue, Table, Values } from './table.ts';

/** The type that the driver returns for a column of each type. */
interface ReadAs {
  readonly uuid: string;
  readonly text: string;
  readonly integer: number;
  readonly bigint: string;
  readonly boolean: boolean;
  readonly jsonb: unknown;
  readonly timestamptz: Date;
}

/** Everything about one column of a read table. No other place repeats these facts. */
export interface ColumnDefinition<Source> {
  readonly type: Column['type'];
  readonly nullable?: true;
  /** The only words that the column accepts, and the name of the constraint. */
  readonly known?: { readonly as: string; readonly words: readonly string[] };
  /** A null in a newer row keeps the older row's value. */
  readonly keepsOlder?: true;
  /** One sentence for readers of the table, which Postgres shows. */
  readonly comment: string;
  /** The column's value in a row. */
  readonly of: (source: Source) => ColumnValue;
}

export type ColumnDefinitions<Source> = Readonly<Record<string, ColumnDefinition<Source>>>;

type Present<Defined> = Defined extends { readonly known: { readonly words: readonly (infer Word)[] } }
  ? Word
  : Defined extends { readonly type: 'jsonb'; readonly holds?: infer Held }
    ? Held
    : Defined extends { readonly type: infer Type extends Column['type'] }
      ? ReadAs[Type]
      : never;

/** A row as the driver returns it: an instant as `Date`, `bigint` as text, `jsonb` parsed. */
export type RecordOf<Columns> = {
  readonly [Name in keyof Columns]: Columns[Name] extends { readonly nullable: true }
    ? Present<Columns[Name]> | null
    : Present<Columns[Name]>;
};

/** Columns in the order of their table, each with its own type. */
export const columnsFor =
  <Source>() =>
  <const Columns extends ColumnDefinitions<Source>>(columns: Columns): Columns =>
    columns;

/** A `jsonb` column that holds values of a type. */
export const jsonbOf = <Held>(): { readonly type: 'jsonb'; readonly holds?: Held } => ({ type: 'jsonb' });

/** A table with everything that its SQL needs. */
export interface DefinedTable extends Table {
  readonly columns: readonly DefinedColumn[];
  /** `at-end`: the key is made when the table is full, because nobody looks up rows before. */
  readonly keyMade: 'with-table' | 'at-end';
  /** Indexes beside the key, by name. The text follows the table's name in `create index`. */
  readonly indexes: Readonly<Record<string, string>>;
}

type DefinedColumn = Column & Pick<ColumnDefinition<never>, 'nullable' | 'known' | 'comment'>;

/** The columns in the form of `Table`. */
export function listed<Source>(columns: ColumnDefinitions<Source>): readonly DefinedColumn[] {
  return Object.entries(columns).map(([name, definition]) => ({ name, ...definition }));
}

/** The values of a row, in the order of the columns. */
export function valuesBy<Source>(columns: ColumnDefinitions<Source>): (source: Source) => Values {
  const readers = Object.values(columns).map(({ of }) => of);
  return (source) => {
    // An array that grows by `push` reserves more than twice the room.
    const values = new Array<ColumnValue>(readers.length);
    for (let index = 0; index < readers.length; index += 1) values[index] = readers[index]!(source);
    return values;
  };
}

/** SQL that makes an empty table, with the key if writing needs it. */
export function createTable(schema: string, table: DefinedTable): string {
  const { name, columns } = table;
  const lines = columns.map(columnLine);
  if (table.keyMade === 'with-table') lines.push(`primary key (${keyOf(table)})`);
  const comments = columns.map(
    (column) => `comment on column ${schema}.${name}.${column.name} is ${literal(column.comment)};`,
  );
  return [`create table ${schema}.${name} (\n  ${lines.join(',\n  ')}\n);`, ...comments, ''].join('\n');
}

/** SQL that makes the other keys and indexes of a full table; an empty text when there are none. */
export function indexTable(schema: string, table: DefinedTable): string {
  const { name, indexes } = table;
  const key =
    table.keyMade === 'at-end' ? [`alter table ${schema}.${name} add primary key (${keyOf(table)});`] : [];
  const others = Object.entries(indexes).map(
    ([index, on]) => `create index ${index} on ${schema}.${name} ${on};`,
  );
  return [...key, ...others].join('\n');
}

function columnLine({ name, type, nullable, known }: DefinedColumn): string {
  const check = known && `constraint ${known.as} check (${name} in (${known.words.map(literal).join(', ')}))`;
  return [name, type, nullable ? null : 'not null', check].filter(Boolean).join(' ');
}

function keyOf({ columns, keyColumns }: DefinedTable): string {
  return columns
    .slice(0, keyColumns)
    .map(({ name }) => name)
    .join(', ');
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
