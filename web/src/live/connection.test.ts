import { describe, expect, it } from '@jest/globals';
import type { JobView } from '../../../schemas/protocols/http-api.ts';
import { en } from '../text/en.ts';
import { translator } from '../text/translate.ts';
import { announcementsOf, NO_ANNOUNCEMENTS, announcementText, merged } from './announcements.ts';
import { lineOf, NOT_YET_CONNECTED, withStatus } from './connection.ts';

const status = (
  phase: 'connecting' | 'live' | 'waiting',
  failures: number,
  { everLive }: { everLive: boolean },
) => ({
  phase,
  failures,
  everLive,
});

describe('the line to the server', () => {
  it('is called lost only after five seconds, counted from the loss', () => {
    const live = withStatus(NOT_YET_CONNECTED, status('live', 0, { everLive: true }), 0);
    const lost = withStatus(live, status('waiting', 1, { everLive: true }), 10_000);
    const still = withStatus(lost, status('connecting', 1, { everLive: true }), 13_000);
    expect([10_000, 14_999, 15_000].map((now) => lineOf(still, now))).toEqual([
      'connecting',
      'connecting',
      'lost',
    ]);
  });

  it('is polled when sockets never got through, or stay away very long, and no more once one lives', () => {
    const blocked = withStatus(NOT_YET_CONNECTED, status('waiting', 3, { everLive: false }), 0);
    expect(lineOf(blocked, 0)).toBe('polling');
    expect(lineOf({ ...blocked, unreachable: true }, 5_000)).toBe('lost');
    expect(withStatus(NOT_YET_CONNECTED, status('waiting', 7, { everLive: true }), 0).polling).toBe(false);
    expect(withStatus(NOT_YET_CONNECTED, status('waiting', 8, { everLive: true }), 0).polling).toBe(true);
    expect(withStatus(blocked, status('live', 0, { everLive: true }), 0)).toMatchObject({
      polling: false,
      downSinceMs: null,
    });
  });
});

describe('an announcement', () => {
  const t = translator('en', en);
  const change = (filename: string, from: JobView['state'] | null, to: JobView['state']) => ({
    job: { filename, state: to } as JobView,
    before: from === null ? undefined : ({ filename, state: from } as JobView),
  });

  it('names one document and counts several, all in one breath', () => {
    const changes = [
      change('a', 'converting', 'ready'),
      change('b', 'converting', 'ready'),
      change('c', 'converting', 'failed'),
      change('d', null, 'queued'),
    ];
    expect(announcementText(t, announcementsOf(changes))).toBe('d added. 2 documents ready. c failed.');
  });

  it('merges what happened before it is said, and has nothing to say of what stayed', () => {
    expect(announcementsOf([change('a', 'ready', 'ready')])).toEqual(NO_ANNOUNCEMENTS);
    const twice = merged(
      { ...NO_ANNOUNCEMENTS, ready: ['a'] },
      { ...NO_ANNOUNCEMENTS, ready: ['b'], said: ['Hello.'] },
    );
    expect(announcementText(t, twice)).toBe('Hello. 2 documents ready.');
  });
});
