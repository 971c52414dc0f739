import type { World } from '../engine/world.ts';

export interface StoredBlob {
  readonly bytes: Buffer;
  readonly sha256: string;
  readonly storedAtMs: number;
}

type RemovalObserver = (key: string, isPosthumous: boolean) => void;

/** The blobs of a simulated world. */
export interface BlobServer {
  readonly blobs: ReadonlyMap<string, StoredBlob>;
  /** Returns false when the key exists. */
  create(key: string, bytes: Buffer, sha256: string): boolean;
  /** @param isPosthumous true when the process that sent the request has ended meanwhile */
  remove(key: string, isPosthumous: boolean): void;
  /** Calls the observer directly before every removal. */
  observeRemoval(observer: RemovalObserver): void;
}

export function createBlobServer(world: World): BlobServer {
  const blobs = new Map<string, StoredBlob>();
  const observers: RemovalObserver[] = [];
  return {
    blobs,
    create: (key, bytes, sha256) => {
      if (blobs.has(key)) return false;
      blobs.set(key, { bytes, sha256, storedAtMs: world.nowMs() });
      return true;
    },
    remove: (key, isPosthumous) => {
      if (!blobs.has(key)) return;
      for (const observe of observers) observe(key, isPosthumous);
      blobs.delete(key);
    },
    observeRemoval: (observer) => void observers.push(observer),
  };
}
