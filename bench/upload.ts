/**
 * Measures the CPU time of the write side for one upload of 50 MiB. A bare Node server that receives, hashes and
 * writes the same body is measured beside it (`upload/bare-server.ts`). Docket's upload takes the whole way: socket,
 * form, check, hash, file, fsync, events. Prints one line of JSON a turn, and one for all turns.
 *
 *   node bench/upload.ts [turns=5] [flags of Node for both servers]
 *
 * Each turn starts new processes, and the two servers alternate from upload to upload. The CPU time includes all
 * threads.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { somePdf } from '../tests/rooms/command-api/pdfs.ts';
import {
  startWeighedProcess,
  startWriteSideProcess,
  type WeighedProcess,
} from '../tests/rooms/command-api/process.ts';
import { FORM_END, partHead, push, speak, uploadHead } from '../tests/rooms/command-api/raw-http.ts';
import { startTestEventStore } from '../tests/harness/event-store.ts';

const MiB = 1024 * 1024;
const FILE_BYTES = 50 * MiB;
const ROUNDS = 8;
const WARM_UPS = 3;
/** The size of the chunks in which Node reads a socket. */
const CHUNK_BYTES = 64 * 1024;
const [turns = '5', ...nodeFlags] = process.argv.slice(2);
const BARE_SERVER = join(import.meta.dirname, 'upload', 'bare-server.ts');

interface Spent {
  readonly cpuMs: number;
  readonly wallMs: number;
}

function hashAlone(bytes: Buffer): number {
  const before = process.cpuUsage();
  const hash = createHash('sha256');
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) hash.update(bytes.subarray(at, at + CHUNK_BYTES));
  hash.digest();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

async function upload(side: WeighedProcess, pdf: Buffer): Promise<Spent> {
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
  return { cpuMs: (await side.weigh()).cpuMs - before.cpuMs, wallMs };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

const tenths = (value: number): number => Math.round(value * 10) / 10;
const hundredths = (value: number): number => Math.round(value * 100) / 100;

/** Measures CPU time of both servers and of hashing alone, in ms: the medians of one turn. */
async function measureTurn(connectionString: string) {
  const docket = await startWriteSideProcess({ EVENTSTORE_URL: connectionString }, nodeFlags);
  const bare = await startWeighedProcess(BARE_SERVER, {}, nodeFlags);
  const spent = { docket: [] as Spent[], bare: [] as Spent[], hashMs: [] as number[] };
  try {
    for (let round = -WARM_UPS; round < ROUNDS; round += 1) {
      const pdf = somePdf(FILE_BYTES);
      const hashMs = hashAlone(pdf);
      const byBare = await upload(bare, pdf);
      const byDocket = await upload(docket, pdf);
      if (round < 0) continue;
      spent.hashMs.push(hashMs);
      spent.bare.push(byBare);
      spent.docket.push(byDocket);
    }
  } finally {
    await Promise.all([docket.stop(), bare.stop()]);
  }
  const cpuMs = (of: readonly Spent[]): number => median(of.map((each) => each.cpuMs));
  const wallMs = (of: readonly Spent[]): number => Math.round(median(of.map((each) => each.wallMs)));
  return {
    docketCpuMs: tenths(cpuMs(spent.docket)),
    bareCpuMs: tenths(cpuMs(spent.bare)),
    hashCpuMs: tenths(median(spent.hashMs)),
    docketWallMs: wallMs(spent.docket),
    bareWallMs: wallMs(spent.bare),
    ratio: hundredths(cpuMs(spent.docket) / cpuMs(spent.bare)),
  };
}

const store = await startTestEventStore();
try {
  const ratios: number[] = [];
  for (let turn = 1; turn <= Number(turns); turn += 1) {
    const measured = await measureTurn(store.connectionString);
    ratios.push(measured.ratio);
    console.log(JSON.stringify({ bench: 'upload', turn, ...measured }));
  }
  const least = Math.min(...ratios);
  const most = Math.max(...ratios);
  console.log(
    JSON.stringify({ bench: 'upload', fileMiB: FILE_BYTES / MiB, turns, ratio: median(ratios), least, most }),
  );
} finally {
  await store.stop();
}
