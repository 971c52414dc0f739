import type { FoldedRow, Projection } from './projection-definition.ts';
import type { StoredEvent } from './stored-event.ts';
import { merged, sameKey, type Values } from './table.ts';

/** An event of the batch that the projection has understood. */
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

/** What a batch does to one key; written or refused as a whole. */
export interface Change<Row> {
  readonly key: string;
  /** The event the change begins with. */
  readonly first: StoredEvent;
  row: Row | undefined;
  /** New rows of each derived table, one a primary key; of an `add` table all that is to be added. */
  readonly derived: readonly Values[][];
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
  /** Events that changed something; repeated and held ones do not count. */
  readonly applied: number;
}

/** Reads the events of a batch in order; those of a held stream, and of one that turns out bad here, are left out. */
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
 * Folds a batch in memory; nothing is read or written. `rowAt` answers the row of a key before the batch. With
 * `gaps: 'report'` the streams that miss events are left out and named; with `'accept'` they are folded as they are,
 * which is right when the log itself no longer has those events.
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
      // Only a row remembers its revision; without one an event could be taken twice.
      for (let index = 0; after !== undefined && index < projection.derived.length; index += 1) {
        const table = projection.derived[index]!;
        addEntries(change.derived[index]!, table, table.entriesOf(event, recorded, before, after));
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

function startOfChange<Event, Row extends FoldedRow>(
  projection: Projection<Event, Row>,
  key: string,
  first: StoredEvent,
): Change<Row> {
  return { key, first, row: undefined, derived: projection.derived.map(() => []) };
}

function addEntries(
  collected: Values[],
  table: Projection<unknown, never>['derived'][number],
  entries: readonly Values[],
): void {
  for (const values of entries) {
    // An event is folded once, so what it appends is new; only a row that can be replaced may be there already. What is
    // added is summed when all of the batch is there.
    const at =
      table.writes === 'replace' ? collected.findIndex((older) => sameKey(table, older, values)) : -1;
    if (at < 0) collected.push(values);
    else collected[at] = merged(table, collected[at]!, values);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
