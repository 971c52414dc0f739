import { verifyBlobs, type BlobFault } from '../../audit/verify-blobs.ts';
import { verifyStreams, type StreamsVerified } from '../../audit/verify-streams.ts';
import type { EventLog } from '../../event-store/event-log.ts';
import { PROJECTIONS } from '../../projector/registry.ts';
import type { Verified } from '../../projector/verify/verified.ts';
import { createLog, type Log } from '../../runtime/log/log.ts';
import { loadSettings } from '../../runtime/settings/settings.ts';
import type { Settings } from '../../schemas/settings/config.ts';
import { openLog, openTables, openBlobs } from '../open-stores.ts';
import { interruptSignal } from '../stop-asked.ts';
import { usage } from '../plain-failure.ts';
import { progressOn } from '../progress.ts';

const PARTS = ['streams', 'blobs', 'tables'] as const;
type Part = (typeof PARTS)[number];

interface Report {
  readonly streams: StreamsVerified;
  readonly blobs: { readonly files: number; readonly faults: readonly BlobFault[] } | null;
  readonly tables: readonly { readonly projection: string; readonly verified: Verified }[] | null;
}

/**
 * `docket verify [streams|blobs|tables]...`. Checks streams against the schemas and the state machine, blobs against
 * the hashes in the log, and read tables against a fold of the log. Without a name, it checks all three. Exit codes: 0
 * everything is right. 1 a fault was found, or the command failed. 2 wrong usage. 130 interrupted.
 */
export async function run(argv: readonly string[]): Promise<number> {
  const asked = argv.filter((word) => !word.startsWith('--'));
  const unknown = asked.find((word) => !PARTS.includes(word as Part));
  if (unknown !== undefined) throw usage(`Say: docket verify, or some of ${PARTS.join(', ')}.`);
  const parts = new Set((asked.length === 0 ? PARTS : asked) as Part[]);
  const settings = loadSettings(process.env);
  const logger = createLog('docket', 'error');
  const log = openLog(settings, logger);
  try {
    const report = await verifyAll(parts, settings, log, logger);
    if (argv.includes('--json')) console.log(JSON.stringify(inJson(report), textOfBigint, 2));
    else print(report);
    return isRight(report) ? 0 : 1;
  } finally {
    await log.close();
  }
}

async function verifyAll(parts: Set<Part>, settings: Settings, log: EventLog, logger: Log): Promise<Report> {
  const signal = interruptSignal('Nothing was changed.');
  const reading = progressOn(process.stderr, 'Streams');
  const onProgress = (position: bigint, head: bigint): void => reading.show(Number(position), Number(head));
  const streams = await verifyStreams({ log, signal, onProgress }).finally(reading.end);
  const { files } = streams;
  const hashing = progressOn(process.stderr, 'Blobs');
  const blobs = parts.has('blobs')
    ? await verifyBlobs({
        log,
        files,
        signal,
        blobs: await openBlobs(settings, logger),
        onProgress: hashing.show,
      }).finally(hashing.end)
    : null;
  const tables = parts.has('tables') ? await verifyTables({ settings, log, streams, logger, signal }) : null;
  return { streams, blobs: blobs && { files: files.size, faults: blobs }, tables };
}

interface VerifyTablesParts {
  readonly settings: Settings;
  readonly log: EventLog;
  readonly streams: StreamsVerified;
  readonly logger: Log;
  readonly signal: AbortSignal;
}

async function verifyTables({
  settings,
  log,
  streams: { jobs: folded, relatedRows },
  logger,
  signal,
}: VerifyTablesParts): Promise<NonNullable<Report['tables']>> {
  const store = openTables(settings, logger);
  try {
    const tables: { projection: string; verified: Verified }[] = [];
    for (const projection of PROJECTIONS) {
      const comparing = progressOn(process.stderr, `Tables of ${projection.name}`);
      const onProgress = (done: number): void => comparing.show(done, null);
      const verified = await projection
        .verify({ log, store, folded, relatedRows, signal, onProgress })
        .finally(comparing.end);
      tables.push({ projection: projection.name, verified });
    }
    return tables;
  } finally {
    await store.close();
  }
}

function isRight({ streams, blobs, tables }: Report): boolean {
  return (
    streams.faults.length === 0 &&
    (blobs?.faults.length ?? 0) === 0 &&
    (tables ?? []).every(({ verified }) => verified.differences.length === 0)
  );
}

function inJson({ streams, blobs, tables }: Report): object {
  const { events, position, faults, jobs } = streams;
  return {
    streams: { events, jobs: jobs.size, position, faults },
    blobs,
    projections: tables?.map(({ projection, verified }) => ({ projection, ...verified })) ?? null,
  };
}

function print({ streams, blobs, tables }: Report): void {
  const { events, jobs, faults } = streams;
  console.log(
    `streams: ${events} events of ${jobs.size} jobs; ${faults.length === 0 ? 'each follows from the one before.' : 'the first faults:'}`,
  );
  for (const { stream, message } of faults) console.log(`  ${stream}: ${message}`);
  if (blobs) {
    console.log(
      `blobs: ${blobs.files} files; ${blobs.faults.length === 0 ? 'each has the hash in the log.' : 'the first faults:'}`,
    );
    for (const { jobId, message } of blobs.faults) console.log(`  ${jobId}: ${message}`);
  }
  for (const { projection, verified } of tables ?? []) printTables(projection, verified);
}

function printTables(projection: string, { checked, position, differences }: Verified): void {
  if (differences.length === 0) {
    console.log(
      `${projection}: ${checked} streams; the read tables equal the fold of the log up to position ${position}.`,
    );
    return;
  }
  console.log(`${projection}: ${checked} streams, up to position ${position}; the first differences:`);
  for (const { subject, kind, expected, found } of differences)
    console.log(
      `  ${subject}: ${kind}\n    the log says   ${JSON.stringify(expected, textOfBigint)}\n    the table says ${JSON.stringify(found, textOfBigint)}`,
    );
}

function textOfBigint(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
