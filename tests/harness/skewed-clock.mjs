import { performance } from 'node:perf_hooks';
import process from 'node:process';

// Loaded before a process's own code (`node --import`), this gives it a wall clock that is wrong: CLOCK_SKEW_MS ahead
// of the true time (negative: behind), and by CLOCK_JUMP_MS more from CLOCK_JUMP_AFTER_MS on; CLOCK_SPEED makes it run
// so many times too fast. Its monotonic clock and its timers stay right, as on a real machine whose date is wrong. It
// needs neither root nor a kernel feature.
const RealDate = globalThis.Date;
const [skewMs, jumpMs, jumpAfterMs] = ['CLOCK_SKEW_MS', 'CLOCK_JUMP_MS', 'CLOCK_JUMP_AFTER_MS'].map((name) =>
  Number(process.env[name] ?? 0),
);
const speed = Number(process.env['CLOCK_SPEED'] ?? 1);
const startedMs = performance.now();
const now = () => {
  const sinceMs = performance.now() - startedMs;
  const jumpedMs = jumpMs !== 0 && sinceMs > jumpAfterMs ? jumpMs : 0;
  // A date is whole milliseconds.
  return RealDate.now() + skewMs + jumpedMs + Math.round((speed - 1) * sinceMs);
};

globalThis.Date = class Date extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(now());
    else super(...args);
  }

  static now() {
    return now();
  }
};
