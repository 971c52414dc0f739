/** Uploads without bytes, in a separate process: sends the command that follows a stored file. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { jobDecider } from '../../conversion-job/decider.ts';
import { connectEventLog } from '../../event-store/connect.ts';
import { handleCommand } from '../../event-store/handle-command.ts';
import { createLog } from '../../runtime/log/log.ts';
import { jobIdOf } from '../../schemas/name-based-ids.ts';
import { jobStream } from '../../schemas/events/streams.ts';
import { serveOperations } from './operations.ts';
import { sha256Of } from '../../schemas/sha256.ts';

const OWNERS = 50;
const MAPPING = { id: 'pt_simon_invoice_v1', version: 1 };
const log = connectEventLog({
  connectionString: process.env['EVENTSTORE_URL'] ?? '',
  timeoutMs: 5_000,
  log: createLog('producer', 'warn'),
});
const decider = jobDecider({ maxAttempts: 3, backoffMs: 5_000, backoffMaxMs: 60_000, jobTimeoutMs: 300_000 });

/** The times at which each job was sent and acknowledged, in nanoseconds of the monotonic clock. */
const sent = new Map<string, { called: number; acknowledged: number }>();
const now = (): number => Number(process.hrtime.bigint());

async function upload(index: number): Promise<void> {
  const owner = `owner-${index % OWNERS}`;
  const sha256 = sha256Of(randomUUID());
  const jobId = jobIdOf(owner, MAPPING, sha256);
  const document = {
    jobId,
    owner,
    filename: `doc-${index}.pdf`,
    bytes: 1,
    sha256,
    blobKey: `sources/${jobId}.pdf`,
  };
  const called = now();
  await handleCommand(
    log,
    decider,
    jobStream(jobId),
    { type: 'UploadDocument', at: new Date().toISOString(), ...document, mapping: MAPPING, priority: 0 },
    { commandId: randomUUID(), correlationId: randomUUID(), actor: `owner:${owner}`, presumeNew: true },
  );
  sent.set(jobId, { called, acknowledged: now() });
}

serveOperations({
  /** Sends jobs as fast as possible with `inflight` jobs at the same time. */
  fill: async ({ n, inflight }) => {
    const from = now();
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < n!) {
        next += 1;
        await upload(next - 1);
      }
    };
    await Promise.all(Array.from({ length: inflight! }, lane));
    return { from, to: now() };
  },
  /** Sends `rate` jobs a second for `secs`, and does not wait for acknowledgements. */
  offer: async ({ rate, secs }) => {
    const from = now();
    const all: Promise<void>[] = [];
    for (let index = 0; index < rate! * secs!; index += 1) {
      const waitMs = (from + (index * 1e9) / rate! - now()) / 1e6;
      if (waitMs > 0.2) await sleep(waitMs);
      all.push(upload(index));
    }
    await Promise.all(all);
    return { from, to: now() };
  },
  sent: () => Promise.resolve(Object.fromEntries(sent)),
  forget: () => Promise.resolve(sent.clear()),
  stop: () => log.close(),
});
