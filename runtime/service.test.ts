import { expect, it } from '@jest/globals';
import { waitingList } from './service.ts';

it('an entry keeps since when it is waited for, until it has been missing from the list once', () => {
  let now = 0;
  const sinceNoted = waitingList(() => now);
  const instants = (names: readonly string[]) =>
    sinceNoted(names.map((dependency) => ({ dependency, why: 'It is away.' }))).map(
      ({ dependency, since }) => `${dependency} ${Date.parse(since)}`,
    );
  expect(instants(['a'])).toEqual(['a 0']);
  now = 5_000;
  expect(instants(['a', 'b'])).toEqual(['a 0', 'b 5000']);
  now = 9_000;
  expect(instants(['b'])).toEqual(['b 5000']);
  expect(instants(['a', 'b'])).toEqual(['a 9000', 'b 5000']);
});
