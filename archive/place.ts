import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { BlobStore } from '../blob-store/blob-store.ts';
import { BlobMissing } from '../blob-store/blob-errors.ts';
import { decrypted, encrypted, type MasterKey } from './encryption.ts';

/** A place that encrypts the content of files. It does not encrypt their names and sizes. */
export function encryptedPlace(place: Place, key: MasterKey): Place {
  return {
    write: (name, content) => {
      const source = Buffer.isBuffer(content) ? Readable.from([content], { objectMode: false }) : content;
      return place.write(name, encrypted(source, key, name));
    },
    read: async (name) => decrypted(await place.read(name), key, name),
    remove: (name) => place.remove(name),
    names: (prefix) => place.names(prefix),
  };
}

/** Largest file of an archive that is written from a stream, larger than any upload. */
const FILE_BYTES_MAX = 4 * 1024 ** 3;

/**
 * The place where the files of an archive are stored. Each file is written once. A file exists completely or not at
 * all.
 */
export interface Place {
  /**
   * Writes a file.
   * @throws BlobExists, StorageFull, BlobStoreUnavailable
   */
  write(name: string, content: Readable | Buffer): Promise<void>;
  /**
   * Reads a file.
   * @throws BlobMissing, BlobStoreUnavailable
   */
  read(name: string): Promise<Readable>;
  remove(name: string): Promise<void>;
  /** Lists every file whose name begins with `prefix`, in no order. */
  names(prefix: string): AsyncIterable<string>;
}

/** Uses a folder or a bucket without encryption: a blob store has every method of a place. */
export function plainPlace(store: BlobStore): Place {
  return {
    write: async (name, content) => {
      const source = Buffer.isBuffer(content) ? Readable.from([content]) : content;
      await store.put(name, source, { maxBytes: FILE_BYTES_MAX });
    },
    read: async (name) => (await store.open(name)).stream,
    remove: (name) => store.remove(name),
    names: (prefix) => namesOf(store, prefix),
  };
}

/** A view of the files whose names begin with `prefix`. In the view, the names lack the prefix. */
export function placeUnder(place: Place, prefix: string): Place {
  return {
    write: (name, content) => place.write(prefix + name, content),
    read: (name) => place.read(prefix + name),
    remove: (name) => place.remove(prefix + name),
    names: async function* (start) {
      for await (const name of place.names(prefix + start)) yield name.slice(prefix.length);
    },
  };
}

async function* namesOf(store: BlobStore, prefix: string): AsyncGenerator<string> {
  for await (const { key } of store.list(prefix)) yield key;
}

/** Reads a whole small file; null when it does not exist. */
export async function readWhole(place: Place, name: string): Promise<Buffer | null> {
  try {
    return await buffer(await place.read(name));
  } catch (error) {
    if (error instanceof BlobMissing) return null;
    throw error;
  }
}
