import type { ServerFrame } from '../../schemas/protocols/live-protocol.ts';

/** The client's state of one topic. */
export interface Held<Row> {
  readonly topic: string;
  /** Bookmark of the rows; null before the first complete snapshot and after a reset. */
  readonly token: string | null;
  /** `receive` changes this map in place, because a copy for every delta would cost more than the delta. */
  readonly rows: Map<string, Row>;
  /** A snapshot that is still arriving. The old rows stay visible until it is complete. */
  readonly incoming: Map<string, Row> | null;
}

export interface RowRules<Row> {
  keyOf(row: Row): string;
  /** False when `row` is older than `held`. The caller then drops `row`, so that no visible row goes back. */
  supersedes(row: Row, held: Row): boolean;
}

export interface Received<Row> {
  readonly held: Held<Row>;
  /** The rows to draw again; null when there is nothing to show yet. */
  readonly changed: readonly Row[] | null;
  /** True when a delta is missing. The client must subscribe again with the last token. */
  readonly gap: boolean;
}

export function nothingHeld<Row>(topic: string): Held<Row> {
  return { topic, token: null, rows: new Map(), incoming: null };
}

/** Applies one message of a subscription. After the call, use only the returned state and not `held`. */
export function receive<Row>(
  held: Held<Row>,
  frame: Extract<ServerFrame, { type: 'snapshot' | 'delta' | 'reset' }>,
  rules: RowRules<Row>,
): Received<Row> {
  if (frame.type === 'reset')
    return { held: { ...held, token: null, incoming: null }, changed: null, gap: false };
  if (frame.type === 'snapshot') {
    const rows = held.incoming ?? new Map<string, Row>();
    for (const row of frame.rows as Row[]) rows.set(rules.keyOf(row), row);
    if (frame.more) return { held: { ...held, incoming: rows }, changed: null, gap: false };
    const whole = { ...held, rows, incoming: null, token: frame.token };
    return { held: whole, changed: [...rows.values()], gap: false };
  }
  if (frame.previous !== held.token) return { held, changed: null, gap: true };
  const changed = (frame.rows as Row[]).filter((row) => {
    const before = held.rows.get(rules.keyOf(row));
    return before === undefined || rules.supersedes(row, before);
  });
  for (const row of changed) held.rows.set(rules.keyOf(row), row);
  return { held: { ...held, token: frame.token }, changed, gap: false };
}

const BACKOFF_FIRST_MS = 500;
const BACKOFF_MAX_MS = 20_000;
/** The wait in ms: `random` (0 to 1) of a window that doubles with each of `failures`, plus `askedMs`. */
export function reconnectDelayMs(failures: number, random: number, askedMs: number): number {
  return Math.round(askedMs + random * Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** failures));
}
