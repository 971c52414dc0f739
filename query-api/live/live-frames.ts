import type { ServerFrame } from '../../schemas/live-protocol.ts';
import type { Send } from './subscription.ts';
import type { ChangedRow } from '../change-feed/page.ts';

/** Rows are joined once, however many subscribers are sent the same list. */
const joinedRows = new WeakMap<readonly ChangedRow[], string>();

function joined(rows: readonly ChangedRow[]): string {
  let text = joinedRows.get(rows);
  if (text === undefined) {
    text = rows.map((row) => row.json).join(',');
    joinedRows.set(rows, text);
  }
  return text;
}

/** The text of a snapshot or delta frame; the rows' JSON is put in as it is. */
export function rowsFrame(
  id: number,
  send: Extract<Send, { type: 'snapshot' | 'delta' }>,
  tokens: { readonly previous: string; readonly token: string },
): string {
  const start = `{"type":"${send.type}","id":${id},"rows":[${joined(send.rows)}],`;
  return send.type === 'snapshot'
    ? `${start}"more":${send.more},"token":"${tokens.token}"}`
    : `${start}"previous":"${tokens.previous}","token":"${tokens.token}"}`;
}

/** The text of any frame without rows. */
export function plainFrame(frame: Exclude<ServerFrame, { type: 'snapshot' | 'delta' }>): string {
  return JSON.stringify(frame);
}
