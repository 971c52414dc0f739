import { chained } from '../../event-store/event-hash.ts';
import { sealed } from '../../event-store/handle-command.ts';
import { randomFrom } from '../../tests/rooms/projector/job-histories.ts';
import { commandIdOf } from '../../schemas/name-based-ids.ts';
import type { ServiceEvent } from '../../schemas/events/service-events.ts';
import { GATEWAY_STREAM, REJECTED_UPLOADS_STREAM } from '../../schemas/events/streams.ts';
import { lifeOf, ownerOf, type Step } from './life.ts';

/** The start of the month, which is thirty days long. The log has no later events. */
export const MONTH_START_MS = Date.UTC(2026, 8, 1);
const MINUTES = 30 * 24 * 60;
const MINUTE_MS = 60_000;
/** The share of a day's uploads by hour. Few uploads come at night. */
const HOURS = [1, 1, 1, 1, 1, 2, 4, 9, 16, 20, 20, 18, 12, 15, 19, 20, 18, 13, 8, 5, 4, 3, 2, 1];
const WEEKEND_SHARE = 0.2;
/** The gateway is away for a few minutes in each period of this length. */
const OUTAGE_EVERY_MINUTES = 700;
const REJECTED_SHARE = 0.01;

/**
 * Yields the steps of a month of `jobs` jobs in the order of their time; jobs overlap as in production. The same seed
 * gives the same events, byte for byte. Memory holds only the steps that lie ahead of the current minute: about a
 * third of the month.
 */
export function* monthOf(jobs: number, seed: number): Generator<Step> {
  const random = randomFrom(seed);
  const service = serviceTeller();
  const weights = Array.from({ length: MINUTES }, (_, minute) => weightOf(minute));
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  const ahead = new Map<number, Step[]>();
  let born = 0;
  let share = 0;
  const note = (step: Step): void => {
    const minute = Math.floor((step.atMs - MONTH_START_MS) / MINUTE_MS);
    if (minute >= MINUTES) return;
    const there = ahead.get(minute);
    if (there) there.push(step);
    else ahead.set(minute, [step]);
  };
  for (let minute = 0; minute < MINUTES; minute += 1) {
    const startMs = MONTH_START_MS + minute * MINUTE_MS;
    share += weights[minute]!;
    const newborn = Math.round((jobs * share) / whole) - born;
    for (let place = 0; place < newborn; place += 1) {
      const bornMs = startMs + Math.floor(((place + random()) * MINUTE_MS) / newborn);
      for (const step of lifeOf(seed * 1_000_003 + born, bornMs)) note(step);
      if (random() < REJECTED_SHARE) note(service.rejected(bornMs, ownerOf(Math.floor(random() * 400))));
      born += 1;
    }
    if (minute % OUTAGE_EVERY_MINUTES === 0) for (const step of service.outage(startMs, random())) note(step);
    yield* (ahead.get(minute) ?? []).sort((one, other) => one.atMs - other.atMs);
    ahead.delete(minute);
  }
}

function weightOf(minute: number): number {
  const day = new Date(MONTH_START_MS + minute * MINUTE_MS).getUTCDay();
  return HOURS[Math.floor(minute / 60) % 24]! * (day === 0 || day === 6 ? WEEKEND_SHARE : 1);
}

/** Makes chained appends to the streams of the service. */
function serviceTeller() {
  const ends = new Map<string, { stream: string; revision: bigint; hash: string | null }>();
  const say = (stream: string, atMs: number, event: ServiceEvent): Step => {
    const end = ends.get(stream) ?? { stream, revision: -1n, hash: null };
    const commandId = commandIdOf('month', stream, String(end.revision));
    const links = chained(sealed([event], { commandId, correlationId: commandId, actor: 'system' }), end);
    ends.set(stream, links.end);
    return { atMs, stream, after: Number(end.revision), events: links.events };
  };
  const isoOf = (ms: number): string => new Date(ms).toISOString();
  return {
    outage: (atMs: number, length: number): Step[] => {
      const pausedMs = Math.floor(5_000 + length * 40_000);
      const paused = { at: isoOf(atMs), processorId: 'p1', failures: 5, lastCode: 'GW_UNREACHABLE' };
      const resumed = { at: isoOf(atMs + pausedMs), processorId: 'p1', pausedMs };
      return [
        say(GATEWAY_STREAM, atMs, { type: 'GatewayPaused', data: paused }),
        say(GATEWAY_STREAM, atMs + pausedMs, { type: 'GatewayResumed', data: resumed }),
      ];
    },
    rejected: (atMs: number, owner: string): Step => {
      const data = {
        at: isoOf(atMs),
        owner,
        filename: 'foto.jpg',
        bytes: 4_096,
        reason: 'This file is not a PDF.',
      };
      return say(REJECTED_UPLOADS_STREAM, atMs, {
        type: 'UploadRejected',
        data: { ...data, code: 'NOT_PDF' },
      });
    },
  };
}
