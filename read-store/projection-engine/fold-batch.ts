import type { FoldedRow, Projection } from './projection-definition.ts';
import type { StoredEvent } from './stored-event.ts';
import { merged, sameKey, type Values } from './table.ts';

/** An event of the batch that the projection could decode. */
export interface Understood<Event> {
  readonly key: string;
  readonly event: Event;
  readonly recorded: StoredEvent;
}

/** The first event of a stream that could not be folded. */
export interface Quarantined {
  readonly recorded: StoredEvent;
  readonly reason: string;
}

/** The changes of a batch to one key. They are written or refused together. */
export interface Change<Row> {
  readonly key: string;
  /** The event with which the change begins. */
  readonly first: StoredEvent;
  row: Row | undefined;
  /** New rows of each derived table, one for each primary key. For an `add` table, the numbers to add. */
  readonly derived: (readonly Values[])[];
}

/** Events of a stream that are missing between its row and the batch: from (inclusive) to (exclusive). */
export interface Gap {
  readonly stream: string;
  readonly from: bigint;
  readonly to: bigint;
}

export interface FoldedBatch<Row> {
  readonly changes: ReadonlyMap<string, Change<Row>>;
  readonly quarantined: readonly Quarantined[];
  readonly gaps: readonly Gap[];
  /** Number of events that changed something. Repeated and held events do not count. */
  readonly applied: number;
}

/**
 * Decodes the events of a batch in order. It leaves out the events of held streams, and all events of a stream after
 * its first bad event.
 */
export function understandBatch<Event, Row extends FoldedRow>(
  projection: Projection<Event, Row>,
  held: ReadonlySet<string>,
  batch: readonly StoredEvent[],
): { understood: Understood<Event>[]; quarantined: Quarantined[] } {
  const understood: Understood<Event>[] = [];
  const quarantined: Quarantined[] = [];
  const bad = new Set<string>();
  for (const recorded of batch) {
    if (held.has(recorded.stream) || bad.has(recorded.stream)) continue;
    const key = projection.keyOf(recorded.stream);
    if (key === null) continue;
    try {
      understood.push({ key, event: projection.understand(recorded), recorded });
    } catch (error) {
      bad.add(recorded.stream);
      quarantined.push({ recorded, reason: reasonOf(error) });
    }
  }
  return { understood, quarantined };
}

/**
 * Folds a batch in memory, without I/O.
 * @param rowAt returns the row of a key before the batch
 * @param gaps `report` leaves out streams with missing events, and names them; `accept` folds their other events,
 * which is right when the log itself no longer has the missing events
 */
export function foldBatch<Event, Row extends FoldedRow>(
  projection: Projection<Event, Row>,
  rowAt: (key: string) => Row | undefined,
  batch: readonly Understood<Event>[],
  gaps: 'report' | 'accept',
): FoldedBatch<Row> {
  const changes = new Map<string, Change<Row>>();
  const revisions = new Map<string, bigint>();
  const found = new Map<string, Gap>();
  const quarantined = new Map<string, Quarantined>();
  let applied = 0;
  for (const { key, event, recorded } of batch) {
    const { stream, revision } = recorded;
    if (quarantined.has(stream) || found.has(stream)) continue;
    const before = changes.has(key) ? changes.get(key)?.row : rowAt(key);
    const last = revisions.get(key) ?? before?.revision ?? -1n;
    if (revision <= last) continue;
    if (revision > last + 1n && gaps === 'report') {
      found.set(stream, { stream, from: last + 1n, to: revision });
      continue;
    }
    try {
      const after = projection.fold(before, event, recorded);
      const change = changes.get(key) ?? startOfChange(projection, key, recorded);
      // Only a row stores its revision. For a stream without a row, an event could count twice.
      for (let index = 0; after !== undefined && index < projection.derived.length; index += 1) {
        const table = projection.derived[index]!;
        const entries = table.entriesOf(event, recorded, before, after);
        if (entries.length > 0) change.derived[index] = withEntries(change.derived[index]!, table, entries);
      }
      change.row = after;
      changes.set(key, change);
      revisions.set(key, revision);
      applied += 1;
    } catch (error) {
      quarantined.set(stream, { recorded, reason: reasonOf(error) });
    }
  }
  return { changes, quarantined: [...quarantined.values()], gaps: [...found.values()], applied };
}

/** The rows of a table before its first row. */
const NO_ROWS: readonly Values[] = [];

function startOfChange<Event, Row extends FoldedRow>(
  projection: Projection<Event, Row>,
  key: string,
  first: StoredEvent,
): Change<Row> {
  return {
    key,
    first,
    row: undefined,
    derived: new Array<readonly Values[]>(projection.derived.length).fill(NO_ROWS),
  };
}

/** Rows of a table, and then those of one more event. Most changes have one event, whose rows need no other array. */
function withEntries(
  collected: readonly Values[],
  table: Projection<unknown, never>['derived'][number],
  entries: readonly Values[],
): readonly Values[] {
  // An event is folded once, so appended rows are new. Only a row that can be replaced may exist already. Added
  // numbers are summed when the whole batch is folded.
  if (table.writes !== 'replace') return collected.length === 0 ? entries : collected.concat(entries);
  const rows = [...collected];
  for (const values of entries) {
    const at = rows.findIndex((older) => sameKey(table, older, values));
    if (at < 0) rows.push(values);
    else rows[at] = merged(table, rows[at]!, values);
  }
  return rows;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
