import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log/log.ts';
import type { Follower } from './connection.ts';
import type { ChangedRow, Page } from '../change-feed/page.ts';

/** The figures belong to no build of the tables, so their tokens are valid for every build. */
const NO_EPOCH = '00000000-0000-0000-0000-000000000000';

/**
 * Makes the topic `ops:metrics`: one whole row, once a second while somebody follows it. The position of its row is the
 * clock in milliseconds, because lag and liveness also change when nothing is written.
 */
export function createMetricsTopic(options: {
  /** The row as JSON text. */
  readMetrics: () => Promise<string>;
  clock: Clock;
  log: Log;
  deliver: (follower: Follower, rows: readonly ChangedRow[], to: bigint) => void;
}) {
  const { readMetrics, clock, log, deliver } = options;
  let reading = false;

  /**
   * The newest row.
   * @throws ReadStoreUnavailable
   */
  const page = async (): Promise<Page> => {
    const json = await readMetrics();
    const head = BigInt(clock.now());
    return {
      epoch: NO_EPOCH,
      head,
      more: false,
      rows: [{ key: 'metrics', owner: '', position: head, json }],
    };
  };
  return {
    page,
    /** Sends the row to these followers, unless the read of the previous row is still running. */
    tell: async (followers: ReadonlySet<Follower>) => {
      if (followers.size === 0 || reading) return;
      reading = true;
      try {
        const { rows, head } = await page();
        for (const follower of followers) deliver(follower, rows, head);
      } catch (error) {
        log.warn({ err: error }, 'the figures could not be read; trying again in a second');
      } finally {
        reading = false;
      }
    },
  };
}
