import { Readable } from 'node:stream';
import type { BlobListing, BlobStore, PutOptions, Written } from '../../blob-store/blob-store.ts';
import { BlobExists, BlobMissing, BlobStoreUnavailable, StorageFull } from '../../blob-store/blob-errors.ts';
import { assertBlobKey } from '../../blob-store/blob-key.ts';
import { readHashed } from '../../blob-store/hashed-stream.ts';
import { ask } from '../engine/network.ts';
import { SIMULATED_EPOCH_MS } from '../engine/simulated-time.ts';
import type { Life, World } from '../engine/world.ts';
import type { BlobServer, StoredBlob } from './blob-server.ts';

const TIMEOUT_MS = 500;
const CHUNK_BYTES = 64;

/** The blob store for one run of a process. Disks may be full, the store may not answer, and reads may fail midway. */
export function simulatedBlobs(world: World, life: Life, server: BlobServer): BlobStore {
  const { random } = world;
  const asking = <T>(what: string, kind: 'reads' | 'changes', effect: () => T): Promise<T> => {
    const unavailable = (): Error => new BlobStoreUnavailable('it does not answer');
    return ask(world, life, {
      what,
      changes: kind === 'changes',
      effect,
      timeoutMs: TIMEOUT_MS,
      unavailable,
    });
  };
  const found = (key: string): StoredBlob => {
    const blob = server.blobs.get(key);
    if (!blob) throw new BlobMissing(key);
    return blob;
  };
  const put = async (key: string, source: Readable, options: PutOptions): Promise<Written> => {
    assertBlobKey(key);
    options.signal?.throwIfAborted();
    const chunks: Buffer[] = [];
    const write = async (batch: Buffer[]): Promise<void> => {
      if (random.chance(world.weather().diskFull)) {
        world.trace.say(life.name, () => `disk full while writing ${key}`);
        throw new StorageFull();
      }
      chunks.push(...batch);
    };
    const written = await readHashed(source, write, options);
    await options.verify?.(written);
    options.signal?.throwIfAborted();
    const bytes = Buffer.concat(chunks);
    const created = await asking(`stores ${key}`, 'changes', () => server.create(key, bytes, written.sha256));
    if (!created) throw new BlobExists(key);
    return written;
  };
  return {
    put,
    open: async (key) => {
      const { bytes } = await asking(`opens ${key}`, 'reads', () => found(key));
      const isCut = random.chance(world.weather().brokenRead);
      return { stream: Readable.from(chunksOf(bytes, isCut), { objectMode: false }), bytes: bytes.length };
    },
    stat: (key) => asking(`looks at ${key}`, 'reads', () => listingOf(key, found(key))),
    remove: (key) => asking(`removes ${key}`, 'changes', () => server.remove(key, !life.alive)),
    list: async function* (prefix) {
      const listed = await asking('lists blobs', 'reads', () =>
        [...server.blobs].filter(([key]) => key.startsWith(prefix)),
      );
      for (const [key, blob] of listed) yield listingOf(key, blob);
    },
    sweepPartials: () => Promise.resolve(0),
    now: () => asking('asks the time', 'reads', () => SIMULATED_EPOCH_MS + world.nowMs()),
    usedPercent: () => Promise.resolve(null),
    freeBytes: () => Promise.resolve(null),
  };
}

function listingOf(key: string, { bytes, storedAtMs }: StoredBlob): BlobListing {
  return { key, bytes: bytes.length, modifiedAt: new Date(SIMULATED_EPOCH_MS + storedAtMs) };
}

/** Streams the bytes. A read that fails gives the first half and then an error. */
async function* chunksOf(bytes: Buffer, isCut: boolean): AsyncGenerator<Buffer> {
  const end = isCut ? bytes.length >> 1 : bytes.length;
  for (let at = 0; at < end; at += CHUNK_BYTES) yield bytes.subarray(at, Math.min(end, at + CHUNK_BYTES));
  if (isCut) throw new BlobStoreUnavailable('the read broke off');
}
