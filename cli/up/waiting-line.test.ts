import { expect, it } from '@jest/globals';
import { waitingLine } from './waiting-line.ts';

const POSTGRES = {
  dependency: 'Postgres',
  at: 'db.example:5432/docket',
  since: '2026-03-01T12:00:00.000Z',
  why: 'nobody listens at db.example:5432',
  final: false,
};
const SAID =
  'Docket waits for the Postgres at db.example:5432/docket since 12:00:00 UTC (20 s): nobody listens at db.example:5432.';

function shownOn({ isTTY }: { isTTY: boolean }): string {
  let nowMs = Date.parse(POSTGRES.since) - 2_000;
  let text = '';
  const line = waitingLine({ isTTY, columns: 200, write: (more) => (text += more) }, () => nowMs);
  for (let second = 0; second <= 20; second += 1) {
    nowMs = Date.parse(POSTGRES.since) + second * 1_000;
    line.show([POSTGRES]);
  }
  line.end();
  return text;
}

it('on a terminal the wait is one line that is renewed and removed at the end', () => {
  const text = shownOn({ isTTY: true });
  expect(text).not.toContain('\n');
  expect(text.endsWith(`${SAID}\r\u001b[K`)).toBe(true);
});

it('in a pipe the wait is a new line at most every 10 s', () => {
  const lines = shownOn({ isTTY: false }).trimEnd().split('\n');
  expect(lines).toHaveLength(3);
  expect(lines[2]).toBe(SAID);
});
