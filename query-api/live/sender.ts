import { LIVE_CLOSE, type ServerFrame } from '../../schemas/live-protocol.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { SealingKeys } from '../tokens/sealed-text.ts';
import { isTooSlow, type Connection, type Follower } from './connection.ts';
import { plainFrame, rowsFrame } from './live-frames.ts';
import type { LiveMetrics } from './live-metrics.ts';
import { sealBookmark } from '../tokens/resume-token.ts';
import type { Step } from './subscription.ts';

export interface Sender {
  /** Takes over a step of the pure machine: the new state, and its frames onto the socket. */
  advance(follower: Follower, step: Step): void;
  say(connection: Connection, frame: Exclude<ServerFrame, { type: 'snapshot' | 'delta' }>): void;
  close(connection: Connection, code: number, reason: string): void;
}

/** Everything that is written to a socket goes through here. */
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
