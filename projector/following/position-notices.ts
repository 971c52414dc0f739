/** Channel of the notices; the payload is the position as text, and nothing else. */
export const POSITION_CHANNEL = 'docket_position';
/** At most 20 notices a second; the last position is always sent. */
export const NOTICE_INTERVAL_MS = 50;

export interface PositionNotices {
  /** Says that everything up to `position` can be read now. */
  tell(position: bigint): void;
  /** Sends what is still due, and ends. */
  stop(): Promise<void>;
}

/**
 * Tells readers how far the tables are, outside any transaction (a NOTIFY inside one serialises commits). A notice
 * that cannot be sent is counted and left: the next one says more, and readers look once a second by themselves.
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

/** For a projection without readers that need a notice. */
export const UNTOLD: PositionNotices = { tell: () => undefined, stop: () => Promise.resolve() };
