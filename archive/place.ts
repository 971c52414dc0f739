import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { BlobStore } from '../blob-store/blob-store.ts';
import { BlobMissing } from '../blob-store/blob-errors.ts';

/** Largest file of an archive that is written from a stream: larger than any upload may be. */
const FILE_BYTES_MAX = 4 * 1024 ** 3;

/** The place of an archive: files that are written once, whole or not at all. */
export interface Place {
  /** @throws BlobExists, StorageFull, BlobStoreUnavailable */
  write(name: string, content: Readable | Buffer): Promise<void>;
  /** @throws BlobMissing, BlobStoreUnavailable */
  read(name: string): Promise<Readable>;
  remove(name: string): Promise<void>;
  /** Every file whose name begins with `prefix`, in no order. */
  names(prefix: string): AsyncIterable<string>;
}

/** A folder or a bucket as it is: a blob store has all that an archive asks. */
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

/** The files of a place whose names begin with `prefix`, under the rest of their names. */
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

/** A small file whole, or null when it is not there. */
export async function readWhole(place: Place, name: string): Promise<Buffer | null> {
  try {
    return await buffer(await place.read(name));
  } catch (error) {
    if (error instanceof BlobMissing) return null;
    throw error;
  }
}
