import type { StorageQuota } from '../../../schemas/errors/error-codes.ts';

/** An upload in progress, or an upload that needs the user's attention. Every function of this file is pure. */
export interface Upload {
  readonly id: number;
  readonly filename: string;
  readonly bytes: number;
  readonly mapping: string;
  /** The parameters for the mapping, by name. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly phase: UploadPhase;
}

export type UploadPhase =
  | { readonly name: 'waiting' }
  | {
      readonly name: 'sending';
      readonly sent: number;
      readonly bytesPerSec: number | null;
      readonly atMs: number;
    }
  /** All bytes are sent; the server checks and stores them. */
  | { readonly name: 'checking' }
  /** The connection broke; a retry follows automatically. */
  | { readonly name: 'retrying' }
  | { readonly name: 'received'; readonly jobId: string }
  | { readonly name: 'duplicate'; readonly jobId: string }
  | {
      readonly name: 'refused';
      readonly code: string;
      readonly message: string;
      readonly again: boolean;
      /** Set when the code is `QUOTA_EXCEEDED`. */
      readonly quota?: StorageQuota;
    }
  | { readonly name: 'cancelled' };

export interface UploadList {
  readonly uploads: readonly Upload[];
  readonly lastId: number;
  /** True after files were left out because too many were waiting. */
  readonly overfull: boolean;
}

/** Limit of listed uploads. A larger drop is cut, and the page reports it. */
export const UPLOADS_MAX = 2_000;
export const NO_UPLOADS: UploadList = { uploads: [], lastId: 0, overfull: false };

export interface Chosen {
  readonly filename: string;
  readonly bytes: number;
  /** The reason why the page refuses the file before sending; null when the page accepts the file. */
  readonly refusal: { readonly code: string; readonly again: boolean } | null;
}

/** Adds the chosen files in order. */
export function withChosen(
  list: UploadList,
  chosen: readonly Chosen[],
  mapping: string,
  parameters: Upload['parameters'] = {},
): UploadList {
  const room = UPLOADS_MAX - list.uploads.length;
  const added = chosen.slice(0, room).map((file, index): Upload => {
    const phase: UploadPhase =
      file.refusal === null ? { name: 'waiting' } : { name: 'refused', message: '', ...file.refusal };
    const { filename, bytes } = file;
    return { id: list.lastId + 1 + index, filename, bytes, mapping, parameters, phase };
  });
  return {
    uploads: [...list.uploads, ...added],
    lastId: list.lastId + added.length,
    overfull: chosen.length > room,
  };
}

export function withPhase(list: UploadList, id: number, phase: UploadPhase): UploadList {
  const uploads = list.uploads.map((upload) => (upload.id === id ? { ...upload, phase } : upload));
  return { ...list, uploads };
}

/** Weight of the newest measurement in the shown speed. It is small, so that the number does not flicker. */
const SPEED_WEIGHT = 0.3;
const SPEED_EVERY_MS = 250;

/** Notes that `sent` bytes were sent until `atMs`, on a clock that never goes back. */
export function withProgress(list: UploadList, id: number, sent: number, atMs: number): UploadList {
  const upload = list.uploads.find((each) => each.id === id);
  if (upload === undefined) return list;
  if (sent >= upload.bytes) return withPhase(list, id, { name: 'checking' });
  if (upload.phase.name !== 'sending')
    return withPhase(list, id, { name: 'sending', sent, bytesPerSec: null, atMs });
  const elapsedMs = atMs - upload.phase.atMs;
  if (elapsedMs < SPEED_EVERY_MS) return list;
  const measured = ((sent - upload.phase.sent) * 1_000) / elapsedMs;
  const before = upload.phase.bytesPerSec ?? measured;
  const bytesPerSec = before + (measured - before) * SPEED_WEIGHT;
  return withPhase(list, id, { name: 'sending', sent, bytesPerSec, atMs });
}

export function without(list: UploadList, drop: (upload: Upload) => boolean): UploadList {
  const uploads = list.uploads.filter((upload) => !drop(upload));
  if (uploads.length === list.uploads.length && !list.overfull) return list;
  return { ...list, uploads, overfull: false };
}

/** True while the upload is not finished, so that leaving the page would lose the upload. */
export function isUnderway({ phase }: Upload): boolean {
  return ['waiting', 'sending', 'checking', 'retrying'].includes(phase.name);
}

/** True for an upload that stays listed until the user has seen it. */
export function needsAttention({ phase }: Upload): boolean {
  return phase.name === 'refused' || phase.name === 'duplicate' || phase.name === 'cancelled';
}

export function mayRetry({ phase }: Upload): boolean {
  return phase.name === 'cancelled' || (phase.name === 'refused' && phase.again);
}

/** Sorts uploads: problems first, then uploads in progress, then waiting uploads. */
export function inReadingOrder(uploads: readonly Upload[]): Upload[] {
  const rank = ({ phase }: Upload) =>
    phase.name === 'refused' ? 0 : phase.name === 'waiting' ? 2 : phase.name === 'received' ? 3 : 1;
  return [...uploads].sort((left, right) => rank(left) - rank(right) || left.id - right.id);
}
