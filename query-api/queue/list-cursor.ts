import { JobId } from '../../schemas/ids.ts';
import { seal, unseal, type SealingKeys } from '../tokens/sealed-text.ts';

/** The end of a page: the sort value of its last row (ISO instant or file name) and the row's id. */
export interface ListPlace {
  readonly value: string;
  readonly jobId: string;
}

/** The `next` of a page. It is valid only for the same owner, filter and sort (A-SQ01). */
export function sealPlace(keys: SealingKeys, boundTo: readonly string[], place: ListPlace): string {
  return seal(keys, ['list', ...boundTo], Buffer.from(`${place.jobId}${place.value}`));
}

/** The place in a cursor; null for a cursor that was not made for this list. */
export function openPlace(keys: SealingKeys, boundTo: readonly string[], cursor: string): ListPlace | null {
  const text = unseal(keys, ['list', ...boundTo], cursor)?.toString();
  if (text === undefined || !JobId.safeParse(text.slice(0, 36)).success) return null;
  return { jobId: text.slice(0, 36), value: text.slice(36) };
}
