import type { FollowOptions, RecordedEvent } from '../../event-store/event-log.ts';
import { randomFrom } from '../rooms/projector/job-histories.ts';

/**
 * Delivers the events of a real subscription. It delivers half of them twice, and in any order within windows of 20.
 */
export function shuffled(options: FollowOptions): FollowOptions {
  const random = randomFrom(29);
  let window: RecordedEvent[] = [];
  const flush = async () => {
    const due = window;
    window = [];
    for (let index = due.length - 1; index > 0; index -= 1) {
      const other = Math.floor(random() * (index + 1));
      const moved = due[index]!;
      due[index] = due[other]!;
      due[other] = moved;
    }
    for (const event of due) {
      await options.onEvent(event);
      if (random() < 0.5) await options.onEvent(event);
    }
  };
  let timer: NodeJS.Timeout | undefined;
  return {
    ...options,
    onCheckpoint: () => undefined,
    onEvent: async (event) => {
      clearTimeout(timer);
      window.push(event);
      if (window.length >= 20) await flush();
      else timer = setTimeout(() => void flush().catch(() => undefined), 50);
    },
  };
}
