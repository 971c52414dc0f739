/** Something that runs beside us and may end at any time. */
export interface Running {
  readonly pid: number;
  readonly exited: Promise<string>;
  stop(graceMs: number): Promise<void>;
}

/** Backoff between restarts, doubled up to the last; a run longer than the healthy time starts it over. */
const RESTART_AFTER_MS = 200;
const RESTART_AFTER_MAX_MS = 5_000;
const HEALTHY_AFTER_MS = 30_000;

export interface Supervised {
  stop(graceMs: number): Promise<void>;
}

/**
 * Keeps one part of the house running: started again, with backoff, whenever it ends by itself.
 * @param house where the process of the part is noted (null: it has ended), and a person is told, one line each time
 */
export async function supervise<Part extends Running>(
  name: string,
  start: () => Promise<Part>,
  house: { say: (line: string) => void; noteProcess: (name: string, pid: number | null) => void },
): Promise<Supervised & { readonly first: Part }> {
  const first = await start();
  house.noteProcess(name, first.pid);
  let part: Running | null = first;
  let stopping = false;
  let wake: () => void = () => undefined;

  const kept = (async () => {
    for (
      let backoffMs = RESTART_AFTER_MS;
      !stopping;
      backoffMs = Math.min(backoffMs * 2, RESTART_AFTER_MAX_MS)
    ) {
      const startedAt = performance.now();
      if (part) {
        const how = await part.exited;
        part = null;
        if (stopping) return;
        if (performance.now() - startedAt > HEALTHY_AFTER_MS) backoffMs = RESTART_AFTER_MS;
        house.noteProcess(name, null);
        house.say(`${name} ended (${how}); starting it again`);
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
        setTimeout(resolve, backoffMs);
      });
      if (stopping) return;
      try {
        part = await start();
        house.noteProcess(name, part.pid);
        house.say(`${name} is back`);
      } catch (error) {
        house.say(error instanceof Error ? error.message : String(error));
      }
    }
  })();

  return {
    first,
    stop: async (graceMs) => {
      stopping = true;
      wake();
      await part?.stop(graceMs);
      await kept;
      await part?.stop(graceMs);
    },
  };
}
