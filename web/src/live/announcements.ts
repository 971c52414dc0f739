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

/** One sentence for each kind: the name of a single document, or the number of several documents. */
export function announcementText(t: Translate, { added, ready, failed, said }: Announcements): string {
  const oneAdded = added[0] ?? '';
  const oneReady = ready[0] ?? '';
  const oneFailed = failed[0] ?? '';
  const sentences = [...said];
  if (added.length === 1) sentences.push(t('announceAddedName', { filename: oneAdded }));
  if (added.length > 1) sentences.push(t('announceNew', { count: added.length }));
  if (ready.length === 1) sentences.push(t('announceReadyName', { filename: oneReady }));
  if (ready.length > 1) sentences.push(t('announceReady', { count: ready.length }));
  if (failed.length === 1) sentences.push(t('announceFailedName', { filename: oneFailed }));
  if (failed.length > 1) sentences.push(t('announceFailed', { count: failed.length }));
  return sentences.join(' ');
}
