import type { Job } from '../../conversion-job/job.ts';

/**
 * Files whose removal was recorded by an event that the log has lost, because an older copy was restored. Their jobs
 * refer to them again, but they no longer exist. Every other file to which a job refers must exist.
 */
export interface LostFiles {
  has(key: string): boolean;
  /** Notes an event of a job. */
  recorded(eventId: string, before: Job, after: Job): void;
  /**
   * Notes a removal.
   * @param isPosthumous true when the process that sent the request has ended; the request may be older than the copy
   */
  removed(key: string, isPosthumous: boolean): void;
  /** Notes that an older copy has replaced the log. The copy does not contain `lostEvents`. */
  restored(lostEvents: ReadonlySet<string>): void;
}

export function keepLostFiles(): LostFiles {
  /** For each file, the event after which its job no longer refers to it. */
  const endedBy = new Map<string, string>();
  const removed = new Set<string>();
  const lost = new Set<string>();
  /** Files that a lost event released. Their removal may still be in flight. */
  const letGo = new Set<string>();
  return {
    has: (key) => lost.has(key),
    recorded: (eventId, before, after) => {
      const present = filesOf(after);
      for (const key of filesOf(before)) if (!present.includes(key)) endedBy.set(key, eventId);
      // The job refers to this file now, so earlier notes about the file no longer count.
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

/** The files to which a job refers. */
function filesOf(job: Job): readonly string[] {
  if (job.state === 'absent') return [];
  const source = job.sourceBlobKey === null ? [] : [job.sourceBlobKey];
  return job.state === 'ready' ? [...source, job.conversion.result.blobKey] : source;
}
