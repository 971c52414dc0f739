import type { Clock } from '../../runtime/clock.ts';
import { LIVE_CLOSE, type ServerFrame } from '../../schemas/protocols/live-protocol.ts';
import type { ChangedRow } from '../change-feed/page.ts';
import { sealBookmark } from '../tokens/resume-token.ts';
import type { SealingKeys } from '../tokens/sealed-text.ts';
import { isTooSlow, type Connection, type Follower } from './connection.ts';
import type { LiveMetrics } from './live-metrics.ts';
import type { Step, Send } from './subscription.ts';

export interface Sender {
  /** Applies the result of one step of the pure state machine: stores its new state and sends its messages. */
  advance(follower: Follower, step: Step): void;
  say(connection: Connection, frame: Exclude<ServerFrame, { type: 'snapshot' | 'delta' }>): void;
  close(connection: Connection, code: number, reason: string): void;
}

/** Makes the only writer to sockets. */
export function createSender(options: {
  keys: SealingKeys;
  clock: Clock;
  metrics: LiveMetrics;
  /** Called once when a connection begins to close. */
  onClosing: (connection: Connection) => void;
}): Sender {
  const { keys, clock, metrics, onClosing } = options;

  const write = (connection: Connection, text: string): void => {
    if (connection.closing) return;
    connection.socket.send(text);
    metrics.framesSent.inc();
  };
  const close = (connection: Connection, code: number, reason: string): void => {
    if (connection.closing) return;
    connection.closing = true;
    metrics.closes.inc({ code: String(code) });
    connection.socket.close(code, reason);
    onClosing(connection);
  };
  return {
    close,
    say: (connection, frame) => write(connection, plainFrame(frame)),
    advance: (follower, step) => {
      const { connection, topic, id } = follower;
      follower.state = step.next;
      for (const send of step.send) {
        if (send.type === 'reset') {
          write(connection, plainFrame({ type: 'reset', id, reason: send.reason }));
          continue;
        }
        const token = sealBookmark(keys, { owner: connection.owner, topic }, send.to);
        write(connection, rowsFrame(id, send, { previous: follower.token, token }));
        follower.token = token;
      }
      if (isTooSlow(connection, clock.now())) close(connection, LIVE_CLOSE.tooSlow, 'the client is too slow');
    },
  };
}

/** The joined text of rows, made once for all subscribers of the same list. */
const joinedRows = new WeakMap<readonly ChangedRow[], string>();

function joined(rows: readonly ChangedRow[]): string {
  let text = joinedRows.get(rows);
  if (text === undefined) {
    text = rows.map((row) => row.json).join(',');
    joinedRows.set(rows, text);
  }
  return text;
}

/** The text of a snapshot or delta, with the rows' JSON inserted unchanged. */
function rowsFrame(
  id: number,
  send: Extract<Send, { type: 'snapshot' | 'delta' }>,
  tokens: { readonly previous: string; readonly token: string },
): string {
  const start = `{"type":"${send.type}","id":${id},"rows":[${joined(send.rows)}],`;
  return send.type === 'snapshot'
    ? `${start}"more":${send.more},"token":"${tokens.token}"}`
    : `${start}"previous":"${tokens.previous}","token":"${tokens.token}"}`;
}

/** The text of any message without rows. */
function plainFrame(frame: Exclude<ServerFrame, { type: 'snapshot' | 'delta' }>): string {
  return JSON.stringify(frame);
}
