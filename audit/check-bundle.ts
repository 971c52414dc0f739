import { type KeyObject } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { z } from 'zod';
import type { RecordedEvent } from '../event-store/event-log.ts';
import { BUNDLE, BundleEvent, BundleIndex, BundleProof } from './bundle.ts';
import { leafHash, rootByProof } from './merkle.ts';
import { fileNamedBy } from '../conversion-job/named-files.ts';
import { CodedError } from '../schemas/errors/coded-error.ts';
import { isSignedBy, keyIdOf, leafOf, Seal } from './seal.ts';
import { streamEnds } from './stream-ends.ts';
import { sha256OfChunks } from '../schemas/sha256.ts';

export interface BundleChecked {
  readonly jobId: string;
  readonly events: number;
  readonly sealedEvents: number;
  readonly files: number;
  readonly removedFiles: number;
  readonly faults: readonly string[];
}

/**
 * Checks a bundle with only a public key.
 * @throws BundleUnreadable when one of its files is missing or has a wrong form
 */
export async function checkBundle(folder: string, key: KeyObject): Promise<BundleChecked> {
  const index = await read(folder, BUNDLE.index, BundleIndex);
  const proof = await read(folder, BUNDLE.proof, BundleProof);
  const seal = await read(folder, BUNDLE.seal, Seal);
  const events = await readEvents(folder);
  const faults: string[] = [];
  if (seal.keyId !== keyIdOf(key))
    faults.push(`the seal was signed with key ${seal.keyId}, not with ${keyIdOf(key)}`);
  else if (!isSignedBy(seal, key))
    faults.push('the seal does not have the signature of its key: it was changed');
  const { stream, revision, hash } = proof.leaf;
  const leaf = leafHash(leafOf(stream, { revision: BigInt(revision), hash }));
  if (rootByProof(leaf, proof.steps).toString('hex') !== seal.root)
    faults.push('the proof does not lead to the seal');
  if (stream !== index.stream || index.sealedRevision !== revision)
    faults.push('the proof is of another job');
  faults.push(...eventFaults(events, proof.leaf));
  const named = new Map(events.map(fileNamedBy).flatMap((file) => (file ? [[file.blobKey, file]] : [])));
  let removedFiles = 0;
  for (const { name, blobKey } of index.files) {
    const file = named.get(blobKey);
    if (!file) faults.push(`no event names ${blobKey}`);
    else if (name === null) removedFiles += 1;
    else if ((await sha256OfFile(folder, name)) !== file.sha256)
      faults.push(`${name} is not the file that the events name`);
  }
  const listed = new Set(index.files.map(({ blobKey }) => blobKey));
  for (const blobKey of named.keys())
    if (!listed.has(blobKey)) faults.push(`${blobKey} is not in the bundle's list`);
  const sealedEvents = events.filter((event) => event.revision <= BigInt(revision)).length;
  return {
    jobId: index.jobId,
    events: events.length,
    sealedEvents,
    faults,
    files: index.files.length - removedFiles,
    removedFiles,
  };
}

/** The folder is no bundle. */
export class BundleUnreadable extends CodedError {
  readonly code = 'BUNDLE_UNREADABLE';

  constructor(name: string, options?: ErrorOptions) {
    super(`The bundle cannot be checked: ${name} is missing or has a wrong form.`, options);
  }
}

function eventFaults(events: readonly RecordedEvent[], leaf: z.infer<typeof BundleProof>['leaf']): string[] {
  const streams = streamEnds();
  const faults: string[] = [];
  for (const event of events) {
    if (event.stream !== leaf.stream) faults.push(`event ${event.revision} is of another stream`);
    const fault = streams.take(event);
    if (fault) faults.push(fault.message);
    if (event.revision === BigInt(leaf.revision) && streams.ends.get(event.stream)?.hash !== leaf.hash)
      faults.push(`up to event ${event.revision} the events are not those that were sealed`);
  }
  if ((streams.ends.get(leaf.stream)?.revision ?? -1n) < BigInt(leaf.revision))
    faults.push(`events up to ${leaf.revision} were sealed, and the last ones are missing`);
  return faults;
}

async function read<Shape extends z.ZodType>(
  folder: string,
  name: string,
  shape: Shape,
): Promise<z.infer<Shape>> {
  try {
    return shape.parse(JSON.parse(await readFile(join(folder, name), 'utf8')));
  } catch (error) {
    throw new BundleUnreadable(name, { cause: error });
  }
}

async function readEvents(folder: string): Promise<RecordedEvent[]> {
  try {
    const text = await readFile(join(folder, BUNDLE.events), 'utf8');
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => BundleEvent.parse(JSON.parse(line)))
      .map(({ revision, recordedAt, ...event }) => ({
        position: 0n,
        created: new Date(recordedAt),
        revision: BigInt(revision),
        ...event,
        data: event.data,
        metadata: event.metadata,
      }));
  } catch (error) {
    throw new BundleUnreadable(BUNDLE.events, { cause: error });
  }
}

async function sha256OfFile(folder: string, name: string): Promise<string | null> {
  try {
    return (await sha256OfChunks(createReadStream(join(folder, basename(name))))).sha256;
  } catch {
    return null;
  }
}
