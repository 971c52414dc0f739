/** What a process weighs, after a collection where `--expose-gc` allows one. */
export interface Weight {
  readonly rssBytes: number;
  /** Most memory it ever had. */
  readonly peakRssBytes: number;
  readonly cpuMs: number;
}

/** Answers the parent's `weigh` with the weight of this process, on the channel of `fork`. */
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
