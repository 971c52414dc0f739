import { LiveTopic } from '../../schemas/protocols/live-protocol.ts';
import { BEFORE_EVERYTHING } from './page.ts';

/** The rows that a topic contains for one owner. */
export type TopicScope =
  | { readonly kind: 'owner'; readonly owner: string }
  | { readonly kind: 'job'; readonly owner: string; readonly jobId: string }
  | { readonly kind: 'everyone' }
  | { readonly kind: 'metrics' };

/** A scope whose rows are jobs. */
export type RowScope = Exclude<TopicScope, { kind: 'metrics' }>;

/**
 * Returns the scope of a topic. Null for an unknown topic, and for a topic that this owner may not read, so a caller
 * cannot tell the two cases apart (A-WS04).
 */
export function scopeOf(
  topic: string,
  { owner, operates }: { readonly owner: string; readonly operates: boolean },
): TopicScope | null {
  const known = LiveTopic.safeParse(topic);
  if (!known.success) return null;
  if (known.data === 'jobs') return { kind: 'owner', owner };
  if (known.data.startsWith('job:')) return { kind: 'job', owner, jobId: known.data.slice('job:'.length) };
  if (!operates) return null;
  return known.data === 'ops:jobs' ? { kind: 'everyone' } : { kind: 'metrics' };
}

/** The condition that selects a scope's rows after a position, with its values in order. */
export function rowsPast(scope: RowScope, position: bigint): { where: string; values: unknown[] } {
  const past = position <= BEFORE_EVERYTHING ? '-1' : position.toString();
  switch (scope.kind) {
    case 'everyone':
      return { where: 'position > $1', values: [past] };
    case 'owner':
      return { where: 'position > $1 and owner = $2', values: [past, scope.owner] };
    case 'job':
      return {
        where: 'position > $1 and owner = $2 and job_id = $3',
        values: [past, scope.owner, scope.jobId],
      };
    default:
      return scope satisfies never;
  }
}
