import { createStore, useStore } from '../store.ts';
import { useText } from '../text/text-context.ts';

const TICK_MS = 10_000;
/** One clock for every relative time on the page. */
export const clock = createStore(Date.now());
setInterval(() => clock.set(Date.now()), TICK_MS);

/** A moment as "3 minutes ago", with the exact time in the tooltip and for machines. */
export function Moment({ at, isPast = false }: { at: string; isPast?: boolean }) {
  const { formats } = useText();
  const words = useStore(clock, (now) => formats.relative(at, isPast ? Math.max(now, Date.parse(at)) : now));
  return (
    <time dateTime={at} title={formats.exact(at)}>
      {words}
    </time>
  );
}
