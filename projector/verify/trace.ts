import type { FoldedRow, Projection } from '../../read-store/projection-engine/projection-definition.ts';
import type { StoredEvent } from '../../read-store/projection-engine/stored-event.ts';
import type { Table, Values } from '../../read-store/projection-engine/table.ts';

/** Values by column, as text, so that two folds can be compared. */
type NamedValues = Readonly<Record<string, string | null>>;

/** The effect of an event: the row after it, and the rows of other tables that it added or replaced. */
export interface TracedStep {
  readonly revision: bigint;
  readonly position: bigint;
  readonly type: string;
  /** Rows by table. For an event that cannot be folded, the map is empty, and `error` is set. */
  readonly tables: Readonly<Record<string, readonly NamedValues[]>>;
  readonly error: string | null;
}

/**
 * Folds one stream event by event and keeps the rows of each step. The function is pure. It ends at an event that
 * cannot be folded.
 */
export function traceOf<Event, Row extends FoldedRow>(
  projection: Projection<Event, Row>,
  events: readonly StoredEvent[],
): readonly TracedStep[] {
  const steps: TracedStep[] = [];
  let row: Row | undefined;
  for (const recorded of events) {
    const { revision, position, type } = recorded;
    const place = { revision, position, type };
    try {
      const event = projection.understand(recorded);
      const before: Row | undefined = row;
      row = projection.fold(before, event, recorded);
      const after = row;
      const tables: Record<string, readonly NamedValues[]> = {
        [projection.rows.name]: after ? [named(projection.rows, projection.rows.valuesOf(after))] : [],
      };
      for (const table of projection.derived)
        tables[table.name] = table
          .entriesOf(event, recorded, before, after)
          .map((values) => named(table, values));
      steps.push({ ...place, tables, error: null });
    } catch (error) {
      steps.push({ ...place, tables: {}, error: error instanceof Error ? error.message : String(error) });
      break;
    }
  }
  return steps;
}

function named({ columns }: Table, values: Values): NamedValues {
  return Object.fromEntries(
    columns.map(({ name }, index) => [name, values[index] == null ? null : String(values[index])]),
  );
}

/** Finds the first event after which two folds of a stream differ in a column that both have. */
export function firstDifference(one: readonly TracedStep[], other: readonly TracedStep[]): TracedStep | null {
  for (let index = 0; index < Math.max(one.length, other.length); index += 1) {
    const first = one[index];
    const second = other[index];
    if (!first || !second || partsAt(first, second)) return first ?? second ?? null;
  }
  return null;
}

function partsAt(one: TracedStep, other: TracedStep): boolean {
  if (one.error !== other.error) return true;
  const tables = Object.keys(one.tables).filter((table) => Object.hasOwn(other.tables, table));
  return tables.some((table) => {
    const rows = one.tables[table]!;
    const otherRows = other.tables[table]!;
    if (rows.length !== otherRows.length) return true;
    return rows.some((row, index) =>
      Object.entries(row).some(
        ([column, value]) => Object.hasOwn(otherRows[index]!, column) && otherRows[index]![column] !== value,
      ),
    );
  });
}
