import type { Change } from '../jobs/queue-view.ts';
import type { Translate } from '../text/translate.ts';

/** The changes that the next announcement has to mention. */
export interface Announcements {
  readonly added: readonly string[];
  readonly ready: readonly string[];
  readonly failed: readonly string[];
  readonly said: readonly string[];
}

export const NO_ANNOUNCEMENTS: Announcements = { added: [], ready: [], failed: [], said: [] };

/** The events to announce for new and changed rows. */
export function announcementsOf(changes: readonly Change[]): Announcements {
  const added: string[] = [];
  const ready: string[] = [];
  const failed: string[] = [];
  for (const { job, before } of changes) {
    if (before === undefined) added.push(job.filename);
    if (before?.state === job.state) continue;
    if (job.state === 'ready') ready.push(job.filename);
    if (job.state === 'failed') failed.push(job.filename);
  }
  return { added, ready, failed, said: [] };
}

export function merged(first: Announcements, second: Announcements): Announcements {
  return {
    added: [...first.added, ...second.added],
    ready: [...first.ready, ...second.ready],
    failed: [...first.failed, ...second.failed],
    said: [...first.said, ...second.said],
  };
}

/** The sentences for one document and for several. */
const SENTENCES = {
  added: ['announceAddedName', 'announceNew'],
  ready: ['announceReadyName', 'announceReady'],
  failed: ['announceFailedName', 'announceFailed'],
} as const;

/** One sentence for each kind: the name of a single document, or the number of several documents. */
export function announcementText(t: Translate, announcements: Announcements): string {
  const sentences = [...announcements.said];
  for (const kind of ['added', 'ready', 'failed'] as const) {
    const [filename, ...more] = announcements[kind];
    if (filename === undefined) continue;
    const [one, several] = SENTENCES[kind];
    sentences.push(more.length === 0 ? t(one, { filename }) : t(several, { count: more.length + 1 }));
  }
  return sentences.join(' ');
}
