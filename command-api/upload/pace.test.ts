import { PassThrough } from 'node:stream';
import type { IncomingMessage } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { watchPace } from './pace.ts';

const WINDOW_MS = 10_000;
const BYTES_PER_WINDOW = 10 * 1024;

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

function watched() {
  const body = new PassThrough();
  let ended = 0;
  const pace = watchPace(body as unknown as IncomingMessage, WINDOW_MS, () => (ended += 1));
  return { arrives: (bytes: number) => body.emit('data', Buffer.alloc(bytes)), ended: () => ended, pace };
}

describe('the pace of a body', () => {
  it('of less than 1 KiB a second over a window ends it, once', () => {
    const { arrives, ended } = watched();
    arrives(BYTES_PER_WINDOW - 1);
    jest.advanceTimersByTime(WINDOW_MS * 3);
    expect(ended()).toBe(1);
  });

  it('of 1 KiB a second is taken', () => {
    const { arrives, ended, pace } = watched();
    for (let window = 0; window < 3; window += 1) {
      arrives(BYTES_PER_WINDOW);
      jest.advanceTimersByTime(WINDOW_MS);
    }
    expect(ended()).toBe(0);
    pace.stop();
  });
});

it('a process that stands still for longer than a window ends no upload', () => {
  const { arrives, ended, pace } = watched();
  jest.advanceTimersByTime(WINDOW_MS / 2);
  // A timer that is late for several of its turns runs once.
  jest.setSystemTime(Date.now() + WINDOW_MS * 2);
  jest.runOnlyPendingTimers();
  expect(ended()).toBe(0);
  arrives(BYTES_PER_WINDOW);
  jest.advanceTimersByTime(WINDOW_MS / 2);
  expect(ended()).toBe(0);
  pace.stop();
});
