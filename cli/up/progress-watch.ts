import { cpuMsOfGroup } from '../../runtime/cpu-time.ts';

/** How often a start is looked at. */
const LOOK_EVERY_MS = 1_000;
/** Looks in a row at which a start had used no processor time: then it waits for something that does not come. */
const STILL_LOOKS_MAX = 60;
/** No start of ours needs a tenth of this. */
const CPU_MS_MAX = 60 * 60_000;
/** The bound where processor time cannot be seen. */
const UNSEEN_LOOKS_MAX = 600;

/**
 * Watches a starting process group by the processor time it uses, not by the clock. On a busy machine a start takes
 * long and still makes progress. The watch counts its own looks, so time in which this process stood still does not
 * count.
 *
 * @param onStuck told why when it no longer moves on; at most once
 * @returns ends the watch
 */
export function watchProgress(groupId: number, onStuck: (why: string) => void): () => void {
  let before: number | undefined = undefined;
  let still = 0;
  let unseen = 0;
  const timer = setInterval(() => {
    const cpuMs = cpuMsOfGroup(groupId);
    still = cpuMs !== undefined && cpuMs === before ? still + 1 : 0;
    unseen = cpuMs === undefined ? unseen + 1 : 0;
    before = cpuMs;
    const why =
      still >= STILL_LOOKS_MAX
        ? `it stood still for ${STILL_LOOKS_MAX} s`
        : (cpuMs ?? 0) > CPU_MS_MAX
          ? `it was not ready after ${CPU_MS_MAX / 60_000} minutes of processor time`
          : unseen >= UNSEEN_LOOKS_MAX
            ? `it said nothing for ${UNSEEN_LOOKS_MAX} s`
            : null;
    if (why === null) return;
    clearInterval(timer);
    onStuck(why);
  }, LOOK_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
