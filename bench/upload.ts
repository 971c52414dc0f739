/**
 * CPU of the write side for one 50 MB upload, beside hashing the same bytes alone, in one run. The upload is the whole
 * way: socket, form, check, hash, file, fsync, events. Prints one line of JSON.
 *
 *   node bench/upload.ts
 */
import { createHash } from 'node:crypto';
import { startWriteSideProcess } from '../tests/rooms/command-api/process.ts';
import { somePdf } from '../tests/rooms/command-api/pdfs.ts';
import { FORM_END, partHead, push, speak, uploadHead } from '../tests/rooms/command-api/raw-http.ts';
import { startTestEventStore } from '../tests/harness/event-store.ts';

const MiB = 1024 * 1024;
const FILE_BYTES = 50 * MiB;
const ROUNDS = 8;
const WARM_UPS = 3;
/** What a socket read gives Node. */
const CHUNK_BYTES = 64 * 1024;

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function hashAlone(bytes: Buffer): number {
  const before = cpuMs();
  const hash = createHash('sha256');
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) hash.update(bytes.subarray(at, at + CHUNK_BYTES));
  hash.digest();
  return cpuMs() - before;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

const store = await startTestEventStore();
const side = await startWriteSideProcess({ EVENTSTORE_URL: store.connectionString }, []);
try {
  const hashing: number[] = [];
  const uploading: number[] = [];
  const wall: number[] = [];
  for (let round = -WARM_UPS; round < ROUNDS; round += 1) {
    const pdf = somePdf(FILE_BYTES);
    const hashMs = hashAlone(pdf);
    const before = await side.weigh();
    const startedAt = performance.now();
    const { status } = await speak(side.port, async (socket) => {
      await push(socket, uploadHead(partHead().length + pdf.length + FORM_END.length));
      await push(socket, partHead());
      await push(socket, pdf);
      await push(socket, FORM_END);
    });
    if (status !== 202) throw new Error(`The upload was answered ${status}.`);
    const wallMs = performance.now() - startedAt;
    const uploadMs = (await side.weigh()).cpuMs - before.cpuMs;
    if (round < 0) continue;
    hashing?.push(hashMs);
    uploading?.push(uploadMs);
    wall?.push(wallMs);
  }
  const hashMs = median(hashing ?? []);
  const uploadMs = median(uploading ?? []);
  const line = {
    bench: 'upload',
    fileMiB: FILE_BYTES / MiB,
    rounds: ROUNDS,
    hashCpuMs: Math.round(hashMs * 10) / 10,
    uploadCpuMs: Math.round(uploadMs * 10) / 10,
    ratio: Math.round((uploadMs / hashMs) * 100) / 100,
    uploadWallMs: Math.round(median(wall ?? [])),
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
} finally {
  await side.stop();
  await store.stop();
}
