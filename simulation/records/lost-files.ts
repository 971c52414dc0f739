import type { Job } from '../../conversion-job/job.ts';

/**
 * Files that an event removed which the log has lost: an older copy of the log was restored. The job refers to them
 * again, and nothing can bring them back. Every other file that a job refers to must exist.
 */
export interface LostFiles {
  has(key: string): boolean;
  /** An event of a job was recorded. */
  recorded(eventId: string, before: Job, after: Job): void;
  /** @param isPosthumous whether the process that asked for it has ended: its request may be older than the copy */
  removed(key: string, isPosthumous: boolean): void;
  /** An older copy was put back, without these events. */
  restored(lostEvents: ReadonlySet<string>): void;
}

export function keepLostFiles(): LostFiles {
  /** By file, the event after which its job no longer refers to it. */
  const endedBy = new Map<string, string>();
  const removed = new Set<string>();
  const lost = new Set<string>();
  /** Files that an event removed which no log has any more; their removal may still be running. */
  const letGo = new Set<string>();
  return {
    has: (key) => lost.has(key),
    recorded: (eventId, before, after) => {
      const present = filesOf(after);
      for (const key of filesOf(before)) if (!present.includes(key)) endedBy.set(key, eventId);
      // A file that is stored (again) has to stay.
      for (const key of present.filter((file) => !filesOf(before).includes(file)))
        for (const known of [endedBy, removed, lost, letGo]) known.delete(key);
    },
    removed: (key, isPosthumous) => {
      removed.add(key);
      if (isPosthumous && letGo.has(key)) lost.add(key);
    },
    restored: (lostEvents) => {
      for (const [key, eventId] of endedBy)
        if (lostEvents.has(eventId)) {
          if (removed.has(key)) lost.add(key);
          else letGo.add(key);
          endedBy.delete(key);
        }
    },
  };
}

/** The files that a job refers to. */
function filesOf(job: Job): readonly string[] {
  if (job.state === 'absent') return [];
  const source = job.sourceBlobKey === null ? [] : [job.sourceBlobKey];
  return job.state === 'ready' ? [...source, job.conversion.result.blobKey] : source;
}
