/** Measures the memory of a process, after a garbage collection if `--expose-gc` allows it. */
export interface Weight {
  readonly rssBytes: number;
  /** The largest memory so far. */
  readonly peakRssBytes: number;
  readonly cpuMs: number;
}

/** Answers the parent's `weigh` with the memory of this process, on the channel of `fork`. */
export function answerWeighing(): void {
  process.on('message', (asked: unknown) => {
    if (asked !== 'weigh') return;
    globalThis.gc?.();
    const cpu = process.cpuUsage();
    const weight: Weight = {
      rssBytes: process.memoryUsage.rss(),
      peakRssBytes: process.resourceUsage().maxRSS * 1024,
      cpuMs: (cpu.user + cpu.system) / 1000,
    };
    process.send?.(weight);
  });
}
