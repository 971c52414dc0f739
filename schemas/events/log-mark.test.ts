import { expect, it } from '@jest/globals';
import { markAfter, markAfterAll, type LogMark } from './log-mark.ts';

const event = (position: bigint) => ({ id: `e${position}`, position, metadata: null });
const afterEach = (mark: LogMark | null, positions: readonly bigint[]): LogMark | null =>
  positions.map(event).reduce<LogMark | null>((last, one) => markAfter(last, one), mark);

it('the mark after several events is the mark after one of them after the other', () => {
  const begun = markAfter(null, event(50n));
  for (const mark of [null, begun])
    for (const positions of [[], [10n], [60n, 70n], [70n, 60n, 70n], [60n, 60n], [20n, 30n], [90n, 10n]])
      expect(markAfterAll(mark, positions.map(event))).toEqual(afterEach(mark, positions));
});
