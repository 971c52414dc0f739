import type { Store } from '../store.ts';
import { sendFile, type Sent, checkFile } from './send-file.ts';
import {
  isUnderway,
  mayRetry,
  withChosen,
  withPhase,
  withProgress,
  without,
  UPLOADS_MAX,
  type Chosen,
  type Upload,
  type UploadList,
} from './upload-list.ts';

/**
 * Number of simultaneous uploads: enough to use the whole bandwidth, and few enough to leave connections for other
 * requests.
 */
const UPLOADS_AT_ONCE = 3;
/**
 * Waits between attempts after a broken connection, two and a half to five minutes in total. After that the user must
 * decide.
 */
const RETRY_WAITS_MS = [1, 2, 5, 10, 20, 30, 30, 30, 30, 30, 60, 60].map((seconds) => seconds * 1_000);
/** The time for which a received upload stays listed if its row does not appear in the queue. */
const RECEIVED_SHOWN_MS = 10_000;

/** Sends the uploads of a list, three at a time, one file a request. */
export function createUploader(list: Store<UploadList>, onReceived: () => void) {
  const files = new Map<number, File>();
  const running = new Map<number, AbortController>();
  const sleepers = new Set<() => void>();

  function startNext(): void {
    for (const upload of list.get().uploads) {
      if (running.size >= UPLOADS_AT_ONCE) return;
      if (upload.phase.name === 'waiting' && !running.has(upload.id)) void run(upload);
    }
  }

  async function run(upload: Upload): Promise<void> {
    const stop = new AbortController();
    running.set(upload.id, stop);
    const sent = await sendWithRetries({ list, sleepers }, files.get(upload.id), upload, stop.signal);
    running.delete(upload.id);
    settle(upload, sent);
    startNext();
  }

  function settle(upload: Upload, sent: Sent): void {
    if (sent.kind === 'accepted') {
      files.delete(upload.id);
      onReceived();
      const name = sent.deduplicated ? 'duplicate' : 'received';
      list.update((now) => withPhase(now, upload.id, { name, jobId: sent.jobId }));
      if (!sent.deduplicated)
        setTimeout(() => list.update((now) => without(now, ({ id }) => id === upload.id)), RECEIVED_SHOWN_MS);
    } else if (sent.kind === 'refused')
      list.update((now) => withPhase(now, upload.id, { ...sent, name: 'refused' }));
    else list.update((now) => withPhase(now, upload.id, { name: 'cancelled' }));
  }

  function cancel(upload: Upload): void {
    const stop = running.get(upload.id);
    if (stop === undefined) list.update((now) => withPhase(now, upload.id, { name: 'cancelled' }));
    else stop.abort();
  }

  return {
    /** @param parameters the values for the mapping, by name, sent with each file */
    async add(
      chosen: readonly File[],
      mapping: string,
      maxUploadMb: number,
      parameters: Upload['parameters'],
    ) {
      const taken = chosen.slice(0, UPLOADS_MAX + 1);
      const checked = await Promise.all(
        taken.map(async (file): Promise<Chosen> => {
          return { filename: file.name, bytes: file.size, refusal: await checkFile(file, maxUploadMb) };
        }),
      );
      const firstId = list.get().lastId + 1;
      list.update((now) => withChosen(now, checked, mapping, parameters));
      for (let id = firstId; id <= list.get().lastId; id += 1) {
        const file = taken[id - firstId];
        if (file !== undefined) files.set(id, file);
      }
      startNext();
    },
    cancel,
    cancelAll: () => list.get().uploads.filter(isUnderway).forEach(cancel),
    retry(upload: Upload) {
      if (!mayRetry(upload)) return;
      list.update((now) => withPhase(now, upload.id, { name: 'waiting' }));
      startNext();
    },
    /** Starts waiting retries at once, because the server is back. */
    wake: () => sleepers.forEach((end) => end()),
    dismiss(drop: (upload: Upload) => boolean) {
      for (const upload of list.get().uploads)
        if (drop(upload) && !isUnderway(upload)) files.delete(upload.id);
      list.update((now) => without(now, (upload) => drop(upload) && !isUnderway(upload)));
    },
  };
}
export type Uploader = ReturnType<typeof createUploader>;

/** Sends a file, and retries after each wait of `RETRY_WAITS_MS` while the connection is interrupted. */
async function sendWithRetries(
  { list, sleepers }: { list: Store<UploadList>; sleepers: Set<() => void> },
  file: File | undefined,
  upload: Upload,
  signal: AbortSignal,
): Promise<Sent> {
  if (file === undefined) return { kind: 'refused', code: 'UNREADABLE', message: '', again: false };
  const onProgress = (sent: number) =>
    list.update((now) => withProgress(now, upload.id, sent, performance.now()));
  for (let attempt = 0; ; attempt += 1) {
    list.update((now) =>
      withPhase(now, upload.id, { name: 'sending', sent: 0, bytesPerSec: null, atMs: performance.now() }),
    );
    const sent = await sendFile(file, upload, onProgress, signal);
    const waitMs = RETRY_WAITS_MS[attempt];
    if (sent.kind !== 'interrupted')
      // The first attempt may have succeeded although its answer was lost. The job is then no duplicate.
      return sent.kind === 'accepted' && attempt > 0 ? { ...sent, deduplicated: false } : sent;
    if (waitMs === undefined) return { kind: 'refused', code: sent.code, message: '', again: true };
    list.update((now) => withPhase(now, upload.id, { name: 'retrying' }));
    await pause(Math.max(waitMs * (0.5 + Math.random() / 2), sent.waitMs), signal, sleepers);
    if (signal.aborted) return { kind: 'aborted' };
  }
}

/** Waits for a time. The signal, or a call of one of `sleepers`, ends the wait earlier. */
function pause(ms: number, signal: AbortSignal, sleepers: Set<() => void>): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      sleepers.delete(end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    sleepers.add(end);
    signal.addEventListener('abort', end, { once: true });
  });
}
