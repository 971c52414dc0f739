/** The events of a world, one line each. One seed always gives the same lines. */
export interface Trace {
  /** Adds a line. `what` is called only if somebody will read the trace. */
  say(who: string, what: () => string): void;
  lines(): readonly string[];
}

/** A trace has at most this many lines, so that a world without end cannot fill the memory. */
const LINES_MAX = 20_000;

export function trace(nowMs: () => number, wanted: boolean): Trace {
  const lines: string[] = [];
  return {
    say: (who, what) => {
      if (!wanted || lines.length >= LINES_MAX) return;
      lines.push(`${(nowMs() / 1000).toFixed(3).padStart(9)} s  ${who.padEnd(12)} ${what()}`);
    },
    lines: () => lines,
  };
}
