/** Channel of the notices. The payload is only the position, as text. */
export const POSITION_CHANNEL = 'docket_position';
/** At most 20 notices a second are sent. The last position is always sent. */
export const NOTICE_INTERVAL_MS = 50;

export interface PositionNotices {
  /** Announces that everything up to `position` can be read. */
  tell(position: bigint): void;
  /** Sends the last due notice, and ends. */
  stop(): Promise<void>;
}

/**
 * Tells readers the position of the tables. It sends notices outside any transaction, because a NOTIFY inside one
 * serialises commits. A notice that fails is counted and not repeated, because the next notice has a later position.
 * Readers also read the position themselves, once a second while somebody waits.
 */
export function createPositionNotices(
  send: (position: bigint) => Promise<unknown>,
  onLost: () => void,
): PositionNotices {
  let due: bigint | null = null;
  let timer: NodeJS.Timeout | null = null;
  let sentAt = -Infinity;
  let sending: Promise<void> = Promise.resolve();
  const sendDue = () => {
    timer = null;
    if (due === null) return;
    const position = due;
    due = null;
    sentAt = performance.now();
    sending = send(position).then(() => undefined, onLost);
  };
  return {
    tell: (position) => {
      due = position;
      timer ??= setTimeout(sendDue, Math.max(0, sentAt + NOTICE_INTERVAL_MS - performance.now()));
    },
    stop: async () => {
      if (timer) clearTimeout(timer);
      sendDue();
      await sending;
    },
  };
}

/** Sends nothing, for a projection whose readers need no notices. */
export const UNTOLD: PositionNotices = { tell: () => undefined, stop: () => Promise.resolve() };
