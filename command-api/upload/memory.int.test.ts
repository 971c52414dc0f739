import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestEventStore, type TestEventStore } from '../../tests/harness/event-store.ts';
import { somePdf } from '../../tests/rooms/command-api/pdfs.ts';
import { startWriteSideProcess, type WeighedProcess } from '../../tests/rooms/command-api/process.ts';
import {
  chunkOf,
  FORM_END,
  partHead,
  push,
  speak,
  uploadHead,
  type RawAnswer,
} from '../../tests/rooms/command-api/raw-http.ts';

const MiB = 1024 * 1024;
const PIECE_BYTES = 256 * 1024;
let store: TestEventStore;
let side: WeighedProcess;
beforeAll(async () => {
  store = await startTestEventStore();
  // With the settings of `npm start`.
  side = await startWriteSideProcess({ EVENTSTORE_URL: store.connectionString }, ['--expose-gc']);
});
afterAll(async () => {
  await side.stop();
  await store.stop();
});

function send(fileBytes: number, chunked: boolean): Promise<RawAnswer> {
  const pdf = somePdf(fileBytes);
  const parts = [Buffer.from(partHead()), pdf, Buffer.from(FORM_END)];
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return speak(side.port, async (socket) => {
    await push(socket, uploadHead(chunked ? null : length));
    for (const part of parts)
      for (let at = 0; at < part.length; at += PIECE_BYTES) {
        const piece = part.subarray(at, at + PIECE_BYTES);
        await push(socket, chunked ? chunkOf(piece) : piece);
      }
    if (chunked) await push(socket, '0\r\n\r\n');
  });
}

/** The growth of the process during `use`: at the end, and at its peak. */
async function growth(use: () => Promise<void>): Promise<{ endMiB: number; peakMiB: number }> {
  const before = await side.weigh();
  await use();
  await sleep(100);
  const after = await side.weigh();
  return {
    endMiB: (after.rssBytes - before.rssBytes) / MiB,
    peakMiB: (after.peakRssBytes - before.peakRssBytes) / MiB,
  };
}

describe('the memory of the write side', () => {
  it('does not grow with the file: 50 MB is 202, a byte more is 413, each with and without Content-Length [A-UP06] [A-UP07]', async () => {
    // The first uploads of a process load code and fill its pools.
    for (const chunked of [false, true]) expect((await send(8 * MiB, chunked)).status).toBe(202);
    for (const chunked of [false, true]) {
      const { endMiB, peakMiB } = await growth(async () => {
        expect((await send(50 * MiB, chunked)).status).toBe(202);
        const over = await send(50 * MiB + 1, chunked);
        expect([over.status, over.ended]).toEqual([413, 'answered']);
      });
      expect({ chunked, endMiB: Math.round(endMiB), under20: endMiB < 20 && peakMiB < 20 }).toMatchObject({
        under20: true,
      });
    }
  });
});
