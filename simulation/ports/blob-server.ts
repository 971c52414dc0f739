import type { World } from '../engine/world.ts';

export interface StoredBlob {
  readonly bytes: Buffer;
  readonly sha256: string;
  readonly storedAtMs: number;
}

/** The blobs of a simulated world. */
export interface BlobServer {
  readonly blobs: ReadonlyMap<string, StoredBlob>;
  /** False when the key is taken. */
  create(key: string, bytes: Buffer, sha256: string): boolean;
  remove(key: string): void;
  /** Told of every removal just before it happens. */
  observeRemoval(observer: (key: string) => void): void;
}

export function createBlobServer(world: World): BlobServer {
  const blobs = new Map<string, StoredBlob>();
  const observers: ((key: string) => void)[] = [];
  return {
    blobs,
    create: (key, bytes, sha256) => {
      if (blobs.has(key)) return false;
      blobs.set(key, { bytes, sha256, storedAtMs: world.nowMs() });
      return true;
    },
    remove: (key) => {
      if (!blobs.has(key)) return;
      for (const observe of observers) observe(key);
      blobs.delete(key);
    },
    observeRemoval: (observer) => void observers.push(observer),
  };
}
