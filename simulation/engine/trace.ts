/** What happened in a world, line by line; the same seed writes the same lines. */
export interface Trace {
  /** The text is only made when somebody will read it. */
  say(who: string, what: () => string): void;
  lines(): readonly string[];
}

/** Longest trace kept; a world that goes on for ever must not fill the memory. */
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
