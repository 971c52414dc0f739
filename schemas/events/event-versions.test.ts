import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { currentVersion, EventNotUnderstood, understandEvent } from './event-versions.ts';
import { JOB_EVENT_SCHEMAS } from './job-events.ts';
import { SERVICE_EVENT_SCHEMAS } from './service-events.ts';
import { sha256Of } from '../sha256.ts';

const corpusDir = join(import.meta.dirname, 'corpus');
const files = readdirSync(corpusDir).filter((name) => name.endsWith('.json'));
const types = Object.keys({ ...JOB_EVENT_SCHEMAS, ...SERVICE_EVENT_SCHEMAS }) as Parameters<
  typeof currentVersion
>[0][];

interface Example {
  type: string;
  metadata: { schemaVersion: number };
  data: Record<string, unknown>;
}

function example(file: string): Example {
  return JSON.parse(readFileSync(join(corpusDir, file), 'utf8')) as Example;
}

describe('the event corpus', () => {
  it('has an example of every version of every event type', () => {
    const wanted = types.flatMap((type) =>
      Array.from({ length: currentVersion(type) }, (_, index) => `${type}.v${index + 1}.json`),
    );
    expect(files.toSorted()).toEqual(wanted.toSorted());
  });

  it('is never edited', () => {
    const sums = files.map((file) => {
      const hash = sha256Of(readFileSync(join(corpusDir, file)));
      return `${hash}  ${file}`;
    });
    const kept = readFileSync(join(corpusDir, 'SHA256SUMS'), 'utf8').trim().split('\n');
    expect(sums.toSorted()).toEqual(kept.toSorted());
  });

  it.each(files)('%s is understood by this build [D39]', (file) => {
    const { type, metadata, data } = example(file);
    expect(understandEvent({ type, metadata, data }).type).toBe(file.split('.')[0]);
  });
});

describe('an event that cannot be understood is refused with its reason [D30]', () => {
  const good = example('DocumentUploaded.v1.json');
  it.each([
    ['an unknown type', { ...good, type: 'DocumentShredded' }, /type is unknown/],
    ['a name every object has', { ...good, type: 'constructor' }, /type is unknown/],
    [
      'a future version',
      { ...good, metadata: { ...good.metadata, schemaVersion: 99 } },
      /newer than version 2/,
    ],
    ['missing metadata', { ...good, metadata: undefined }, /metadata is not complete/],
    ['a broken shape', { ...good, data: { ...good.data, bytes: 'many' } }, /bytes/],
  ])('%s', (_name, event, why) => {
    expect(() => understandEvent(event)).toThrow(EventNotUnderstood);
    expect(() => understandEvent(event)).toThrow(why);
  });
});
