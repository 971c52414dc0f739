import { FREE_BYTES_MIN, type BlobStore } from '../../blob-store/blob-store.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log/log.ts';
import { Gauge, type Metrics } from '../../runtime/metrics/metrics.ts';
import type { Settings } from '../../schemas/settings/config.ts';

/** During uploads, the use of the disk is checked at most once in this time. A disk does not fill faster. */
const DISK_ASKED_EVERY_MS = 1_000;
/** The interval of checks without uploads, so that the warning still appears. */
const DISK_WATCHED_EVERY_MS = 15_000;

type Level = 'fine' | 'warned' | 'refusing';

export function watchDisk(options: {
  settings: Pick<Settings, 'DISK_WARN_PERCENT' | 'DISK_REFUSE_PERCENT'>;
  blobs: Pick<BlobStore, 'usedPercent' | 'freeBytes'>;
  clock: Clock;
  logger: Log;
  metrics: Metrics;
}) {
  const { settings, blobs, clock, logger } = options;
  const used = new Gauge({
    name: 'docket_blob_store_used_percent',
    help: 'Share of the disk under the blob store that is used; absent where there is no such limit',
    registers: [options.metrics],
  });
  // A new gauge shows 0, so the gauge is removed until the first measurement.
  used.remove();
  let level: Level = 'fine';
  let last: { readonly askedAt: number; readonly answer: Promise<Level> } | null = null;

  const ask = async (): Promise<Level> => {
    const [percent, freeBytes] = await Promise.all([blobs.usedPercent(), blobs.freeBytes()]);
    if (percent === null) return 'fine';
    used.set(percent);
    const next = levelOf(percent, freeBytes ?? Infinity, settings);
    if (next !== level) say(logger, next, percent);
    level = next;
    return next;
  };
  const levelNow = (): Promise<Level> => {
    if (last === null || clock.now() - last.askedAt >= DISK_ASKED_EVERY_MS)
      last = { askedAt: clock.now(), answer: ask() };
    return last.answer;
  };
  const watch = (): void =>
    void levelNow().catch((error: unknown) =>
      logger.warn({ err: error }, 'it is not known how full the blob store is'),
    );
  watch();
  const timer = setInterval(watch, DISK_WATCHED_EVERY_MS);
  timer.unref();
  return {
    /**
     * True when uploads must be refused before anything is written.
     * @throws BlobStoreUnavailable
     */
    isFull: async () => {
      return (await levelNow()) === 'refusing';
    },
    stop: () => clearInterval(timer),
  };
}

/** Watches the used space of the blob store (R24.03). */
export type DiskGuard = ReturnType<typeof watchDisk>;

function levelOf(
  percent: number,
  freeBytes: number,
  settings: Pick<Settings, 'DISK_WARN_PERCENT' | 'DISK_REFUSE_PERCENT'>,
): Level {
  // A small disk is full before it reaches the percentage.
  if (percent >= settings.DISK_REFUSE_PERCENT || freeBytes < FREE_BYTES_MIN) return 'refusing';
  return percent >= settings.DISK_WARN_PERCENT ? 'warned' : 'fine';
}

function say(logger: Log, level: Level, usedPercent: number): void {
  if (level === 'refusing')
    logger.error({ usedPercent, alert: 'disk-full' }, 'the blob store is full: uploads are refused');
  else if (level === 'warned')
    logger.warn({ usedPercent, alert: 'disk-filling' }, 'the blob store is filling up');
  else logger.info({ usedPercent }, 'the blob store has room again');
}
