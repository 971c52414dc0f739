import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { startProjector } from '../../projector/start.ts';
import { jobHistories, randomFrom } from '../../tests/rooms/projector/job-histories.ts';
import type { StoredEvent } from '../../read-store/projection-engine/stored-event.ts';
import { createLog } from '../../runtime/log/log.ts';
import { createMetrics } from '../../runtime/metrics/metrics.ts';
import type { Service } from '../../runtime/service.ts';
import { loadSettings } from '../../runtime/settings/settings.ts';
import type { JobListAnswer, JobMetrics, JobView, TimelineAnswer } from '../../schemas/protocols/http-api.ts';
import { startQueryInstallation, type QueryInstallation } from '../../tests/harness/query-installation.ts';

const SEED = 11;
/** An id in the form of a session's owner. */
const ownerId = (number: string) => `owner-${number}`.padEnd(22, 'x');
const OWNERS = [ownerId('1'), ownerId('2'), ownerId('3')];
const LISTS = [
  'limit=200',
  'limit=3&sort=created',
  'limit=7&sort=-updated',
  'limit=7&sort=updated',
  'limit=9&sort=filename',
  'limit=200&state=queued,waiting',
  'limit=4&state=ready&sort=-filename',
  'limit=200&errorCode=GW_5XX',
  'limit=200&search=ção',
];

/** The requests made while the tables were changing, and their answers. */
interface Recording {
  readonly owner: string;
  readonly path: string;
  readonly answer: { readonly position: string };
}

let installation: QueryInstallation;
let projector: Service;
let appended: StoredEvent[];
const recordings: Recording[] = [];
const random = randomFrom(SEED);

const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!;

/** Appends histories in many small steps, and records lists, jobs and figures meanwhile. */
beforeAll(async () => {
  installation = await startQueryInstallation();
  const { log, store } = installation;
  const logger = createLog('test', 'silent');
  const metrics = createMetrics({ defaults: false });
  projector = await startProjector({ log, store, logger, metrics, settings: loadSettings({}) });
  const events = dated(jobHistories(150, SEED));
  let done = false;
  const recording = (async () => {
    while (!done) await record(events);
  })();
  const inFlight = new Map<string, Promise<unknown>>();
  for (const event of events) {
    // Events of one stream go one after the other, and those of different streams at the same time.
    const before = inFlight.get(event.stream) ?? Promise.resolve();
    inFlight.set(
      event.stream,
      before.then(() => appendOne(event)),
    );
    if (random() < 0.1) await Promise.all(inFlight.values());
  }
  await Promise.all(inFlight.values());
  done = true;
  await recording;
  appended = [];
  for await (const event of log.readAll('start', { streamPrefixes: ['job-'] })) appended.push(event);
}, 60_000);
afterAll(async () => {
  await projector.stop(1_000);
  await installation.stop();
});

/**
 * Gives events the owners of sessions, and dates in the order of the log. Two clocks differ by 2 s. One clock is far
 * ahead, so its dates are after all others.
 */
function dated(events: readonly StoredEvent[]): StoredEvent[] {
  return events.map((event, index) => {
    const data = event.data as { owner?: string };
    const aheadMs = index % 41 === 7 ? 40 * 60_000 : Math.floor(random() * 2_000);
    const at = new Date(Date.UTC(2026, 9, 1) + index * 500 + aheadMs).toISOString();
    const owner = data.owner === undefined ? {} : { owner: ownerId(data.owner.replace('owner-', '')) };
    return { ...event, data: { ...data, ...owner, at } };
  });
}

async function appendOne({ type, data, metadata, stream, revision }: StoredEvent): Promise<void> {
  const expected = revision === 0n ? 'no_stream' : revision - 1n;
  await installation.log.append(stream, [{ id: randomUUID(), type, data, metadata }], expected);
}

async function record(events: readonly StoredEvent[]): Promise<void> {
  const owner = pick(OWNERS);
  const jobId = pick(events).stream.slice('job-'.length);
  const path = pick([
    ...LISTS.map((list) => `/api/jobs?${list}`),
    '/api/jobs/metrics?',
    `/api/jobs/${jobId}/timeline?`,
  ]);
  const answer = await installation.get(path, owner);
  const said = (await answer.json()) as Recording['answer'];
  if (answer.status === 200 && said.position !== '0') recordings.push({ owner, path, answer: said });
}

describe('the past of the queue', () => {
  it(`is exactly what was shown then: lists, timelines and figures recorded under load, seed ${SEED}`, async () => {
    expect(recordings.length).toBeGreaterThan(50);
    expect(new Set(recordings.map(({ answer }) => answer.position)).size).toBeGreaterThan(20);
    for (const { owner, path, answer } of recordings) {
      const { position } = answer;
      const past = await installation.json<typeof answer>(`${path}&asOf=${position}`, owner);
      // A cursor belongs to its moment, so the two texts differ.
      expect({ path, ...past, next: typeof nextOf(past) }).toEqual({
        path,
        ...answer,
        next: typeof nextOf(answer),
      });
    }
  }, 60_000);

  it('holds at every single position: each job is the fold of the events up to there', async () => {
    const owner = OWNERS[0]!;
    const { jobs } = await installation.json<JobListAnswer>('/api/jobs?limit=200', owner);
    const { jobId } = jobs.reduce((most, job) => (job.revision > most.revision ? job : most));
    const events = appended.filter(({ stream }) => stream === `job-${jobId}`);
    expect(events.length).toBeGreaterThan(3);
    for (const { position, revision } of events) {
      const at = await installation.json<JobView>(`/api/jobs/${jobId}?asOf=${position}`, owner);
      const asked = `/api/jobs/${jobId}/timeline?asOf=${position}`;
      const { entries } = await installation.json<TimelineAnswer>(asked, owner);
      expect([at.revision, at.position]).toEqual([Number(revision), position.toString()]);
      expect(entries).toHaveLength(Number(revision) + 1);
      const before = await installation.get(`/api/jobs/${jobId}?asOf=${position - 1n}`, owner);
      if (revision === 0n) expect(before.status).toBe(404);
      else expect(((await before.json()) as JobView).revision).toBe(Number(revision) - 1);
    }
    expect(
      (await installation.get(`/api/jobs/${jobId}?asOf=${events[0]!.position}`, 'stranger')).status,
    ).toBe(404);
  });

  it('is paged like the present: the pages are the whole list, and a cursor belongs to its moment', async () => {
    const owner = OWNERS[1]!;
    const asOf = appended[Math.floor(appended.length / 2)]!.position.toString();
    for (const sort of ['created', '-created', '-updated', 'filename']) {
      const list = `/api/jobs?sort=${sort}&asOf=${asOf}`;
      const whole = await installation.json<JobListAnswer>(`${list}&limit=200`, owner);
      const paged: JobView[] = [];
      for (let next: string | null = ''; next !== null;) {
        const after = next === '' ? '' : `&after=${encodeURIComponent(next)}`;
        const page: JobListAnswer = await installation.json(`${list}&limit=2${after}`, owner);
        paged.push(...page.jobs);
        next = page.next;
        if (next !== null && paged.length === 2) {
          const elsewhere = `/api/jobs?sort=${sort}&limit=2&after=${encodeURIComponent(next)}`;
          expect((await installation.get(elsewhere, owner)).status).toBe(400);
        }
      }
      expect(whole.jobs.length).toBeGreaterThan(2);
      expect(paged).toEqual(whole.jobs);
    }
  });

  it('at a time is the past at the last position dated up to it; before everything it is empty', async () => {
    const owner = OWNERS[2]!;
    const instants = appended.map(({ position, data }) => ({ position, at: (data as { at: string }).at }));
    for (const { at } of [pick(instants), pick(instants), pick(instants)]) {
      const upTo = instants.filter((event) => event.at <= at);
      const last = upTo.reduce((max, { position }) => (position > max ? position : max), 0n);
      const byTime = await installation.json<JobListAnswer>(`/api/jobs?asOf=${at}`, owner);
      const byPosition = await installation.json<JobListAnswer>(`/api/jobs?asOf=${last}`, owner);
      expect(byTime.position).toBe(last.toString());
      expect(byTime.jobs).toEqual(byPosition.jobs);
    }
    const nothing = await installation.json<JobListAnswer>('/api/jobs?asOf=2000-01-01', owner);
    expect(nothing).toMatchObject({ jobs: [], next: null, position: '0' });
    const figures = await installation.json<JobMetrics>('/api/jobs/metrics?asOf=2000-01-01', owner);
    expect(figures.active).toBe(0);
  });

  it('refuses a position that has not come yet, and waits for one that the tables have not read', async () => {
    const head = await installation.log.head();
    expect((await installation.get(`/api/jobs?asOf=${head + 1n}`, OWNERS[0]!)).status).toBe(400);
    const [late] = dated(jobHistories(1, SEED + 1));
    await appendOne(late!);
    const position = (await installation.log.readLast(late!.stream))!.position;
    const { owner } = late!.data as { owner: string };
    const shown = await installation.json<JobListAnswer>(`/api/jobs?asOf=${position}`, owner);
    expect(shown.jobs.map(({ jobId }) => `job-${jobId}`)).toContain(late!.stream);
  });
});

function nextOf(answer: object): unknown {
  return (answer as { next?: unknown }).next;
}
