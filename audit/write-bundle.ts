import { createPublicKey, type KeyObject } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { BlobStore } from '../blob-store/blob-store.ts';
import { BlobMissing } from '../blob-store/blob-errors.ts';
import { fileNamedBy, type NamedFile } from '../conversion-job/named-files.ts';
import { linksOf } from '../event-store/event-hash.ts';
import type { EventLog, RecordedEvent } from '../event-store/event-log.ts';
import { isoNow, type Clock } from '../runtime/clock.ts';
import { CodedError } from '../schemas/errors/coded-error.ts';
import { jobStream } from '../schemas/events/streams.ts';
import { BUNDLE, type BundleEvent, type BundleIndex } from './bundle.ts';
import { proofOf } from './merkle.ts';
import { readSeals } from './read-seals.ts';
import type { SealCopies } from './seal-store.ts';
import { inOrder, leafHashes, storedSeal, type Seal } from './seal.ts';
import type { StreamEnd } from './stream-ends.ts';

/** No correct seal covers the job. */
export class NotSealed extends CodedError {
  readonly code = 'NOT_SEALED';
}

export interface BundleParts {
  readonly log: Pick<EventLog, 'readStream'>;
  readonly blobs: BlobStore;
  readonly copies: readonly SealCopies[];
  readonly keys: readonly KeyObject[];
  readonly clock: Clock;
  /** Returns one sentence about an event, for the page. */
  readonly sentenceOf: (event: RecordedEvent) => string;
}

/**
 * Writes a new folder with everything that a third party needs to check one job. The folder contains the job's
 * events, the proof that the newest seal covers them, the job's files, and a page to read. Expired files are omitted.
 *
 * @throws NotSealed when no seal covers the job, or the seals have a fault; LogUnavailable; BlobStoreUnavailable;
 * EEXIST when the folder exists
 */
export async function writeBundle(parts: BundleParts, jobId: string, folder: string): Promise<BundleIndex> {
  const stream = jobStream(jobId);
  const events: RecordedEvent[] = [];
  for await (const event of parts.log.readStream(stream)) events.push(event);
  if (events.length === 0) throw new NotSealed(`There is no job ${jobId}.`);
  const { seal, end, ends } = await sealOf(parts, stream);
  await mkdir(folder, { mode: 0o700 });
  const files = await copyFiles(parts, events, folder);
  const index: BundleIndex = {
    format: 'docket.audit-bundle.v1',
    jobId,
    stream,
    madeAt: isoNow(parts.clock),
    files,
    sealedRevision: end.revision.toString(),
  };
  const proof = {
    leaf: { stream, revision: end.revision.toString(), hash: end.hash },
    steps: proofOf(leafHashes(ends), inOrder(ends).indexOf(stream)),
  };
  const write = (name: string, text: string | Buffer): Promise<void> =>
    writeFile(join(folder, name), text, { flag: 'wx' });
  await write(BUNDLE.events, events.map((event) => `${JSON.stringify(lineOf(event))}\n`).join(''));
  await write(BUNDLE.proof, `${JSON.stringify(proof, null, 1)}\n`);
  await write(BUNDLE.seal, storedSeal(seal));
  await write(BUNDLE.page, bundlePage({ index, seal, events, sentenceOf: parts.sentenceOf }));
  await write(BUNDLE.readme, readme(jobId, seal));
  await write(BUNDLE.index, `${JSON.stringify(index, null, 1)}\n`);
  return index;
}

async function sealOf(
  { copies, keys }: BundleParts,
  stream: string,
): Promise<{ seal: Seal; end: StreamEnd; ends: ReadonlyMap<string, StreamEnd> }> {
  const { newest, ends, faults } = await readSeals(copies, keys.map(createPublicKeyOf));
  if (faults[0]) throw new NotSealed(`The seals have a fault: ${faults[0].message}.`);
  const end = ends.get(stream);
  if (newest === null || end === undefined)
    throw new NotSealed('No seal covers this job yet: run `docket seal` first.');
  return { seal: newest, end, ends };
}

const createPublicKeyOf = (key: KeyObject): KeyObject =>
  key.type === 'private' ? createPublicKey(key) : key;

function lineOf({ stream, revision, id, type, created, data, metadata }: RecordedEvent): BundleEvent {
  return {
    stream,
    revision: revision.toString(),
    id,
    type,
    recordedAt: created.toISOString(),
    data,
    metadata,
  };
}

async function copyFiles(
  { blobs }: BundleParts,
  events: readonly RecordedEvent[],
  folder: string,
): Promise<BundleIndex['files']> {
  const named = events.map(fileNamedBy).filter((file) => file !== null);
  const files: BundleIndex['files'] = [];
  for (const [index, file] of named.entries()) {
    const name = `${file.kind}-${index + 1}${file.kind === 'source' ? '.pdf' : ''}`;
    files.push({ name: (await copied(blobs, file, join(folder, name))) ? name : null, ...file });
  }
  return files;
}

async function copied(blobs: BlobStore, { blobKey }: NamedFile, path: string): Promise<boolean> {
  try {
    const { stream } = await blobs.open(blobKey);
    await pipeline(stream, createWriteStream(path, { flags: 'wx', mode: 0o600 }));
    return true;
  } catch (error) {
    if (error instanceof BlobMissing) return false;
    throw error;
  }
}

function readme(jobId: string, seal: Seal): string {
  return `This folder shows what happened to job ${jobId}, and lets anybody check that nothing was changed.

To read it: open ${BUNDLE.page}.

To check it, you need the public key of whoever ran Docket (an Ed25519 key in PEM; get it from them by a way you trust,
not from this folder; this bundle was signed with key ${seal.keyId}) and a copy of Docket, which need not run:

  npm run docket -- audit check <this folder> --key <public key file>

It ends with exit code 0 and one sentence when all of it holds, and with 1 and what is wrong when not. What it checks:

1. ${BUNDLE.seal} has the signature of that key (Ed25519 over its RFC 8785 JSON without "signature").
2. ${BUNDLE.proof} leads from this job's last sealed event to the seal's root (Merkle tree of RFC 9162).
3. Each line of ${BUNDLE.events} has the hash it carries (SHA-256 over RFC 8785 JSON of data, id, metadata without
   hash and previousHash, previous, revision, stream, type) and follows the line before; the last sealed one has the
   hash of the proof.
4. Each file here has the SHA-256 that an event gives for it.
`;
}

interface BundlePageParts {
  readonly index: BundleIndex;
  readonly seal: Seal;
  readonly events: readonly RecordedEvent[];
  readonly sentenceOf: (event: RecordedEvent) => string;
}

/** The page of the bundle. It needs no other file: no script, no font, no network. */
function bundlePage({ index, seal, events, sentenceOf }: BundlePageParts): string {
  const rows = events.map((event) => {
    const { actor } = event.metadata as { actor?: string };
    const isSealed = event.revision <= BigInt(index.sealedRevision);
    const hash = linksOf(event)?.hash ?? '';
    const { at } = event.data as { at?: string };
    return `<tr><td>${event.revision}</td><td>${text(at ?? '')}</td><td>${text(sentenceOf(event))}</td>
<td>${text(actor ?? '')}</td><td>${isSealed ? 'yes' : 'not yet'}</td><td><code title="${hash}">${hash.slice(0, 12)}</code></td></tr>`;
  });
  const files = index.files.map(
    ({ name, kind, bytes, sha256 }) =>
      `<tr><td>${kind === 'source' ? 'PDF' : 'result'}</td><td>${name === null ? 'removed at the end of its keeping time' : `<a href="${text(name)}">${text(name)}</a>`}</td>
<td>${bytes}</td><td><code>${sha256}</code></td></tr>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Job ${text(index.jobId)}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ccc;vertical-align:top}code{overflow-wrap:anywhere}</style></head>
<body><h1>Job ${text(index.jobId)}</h1>
<p>What happened to this job, event by event, as the log holds it. Made ${text(index.madeAt)}. This page is for reading;
what proves it are the other files of the folder, see README.txt.</p>
<h2>Events</h2><table><thead><tr><th>no.</th><th>when</th><th>what</th><th>by</th><th>sealed</th><th>hash</th></tr></thead>
<tbody>${rows.join('\n')}</tbody></table>
<h2>Files</h2><table><thead><tr><th>kind</th><th>file</th><th>bytes</th><th>SHA-256</th></tr></thead>
<tbody>${files.join('\n')}</tbody></table>
<h2>Seal</h2><p>Seal ${seal.number}, made ${text(seal.sealedAt)} over ${seal.streams} streams with ${seal.events} events,
signed with key <code>${text(seal.keyId)}</code>.<br>Root <code>${seal.root}</code></p></body></html>
`;
}

function text(value: string): string {
  return value.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
