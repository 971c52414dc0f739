/** Links: an event of type `$>` whose content is `revision@stream` stands for the event at that revision. */
import type { EventReader } from '../storage/event-reader.ts';
import type { Log } from '../storage/open-log.ts';
import { readRecordedEvent } from '../../event-store/wire/recorded-event.ts';
import { resolvedLink } from '../../event-store/wire/responses.ts';

const LINK_TYPE = Buffer.from('$>');
/** A revision, or -1 for the newest event of the stream. */
const LINK = /^(-1|\d+)@(.+)$/s;

/**
 * Returns the event at `ordinal` for a reader that resolves links. A link whose target is missing comes alone. An event
 * of type `$>` whose content names no event is an ordinary event.
 */
export function resolveEvent(log: Log, reader: EventReader, ordinal: number): Buffer {
  const { index, view } = log;
  const stored = reader.event(ordinal);
  if (!index.types.name(index.typeOf(ordinal)).equals(LINK_TYPE)) return stored;
  const link = readRecordedEvent(stored);
  const parts = LINK.exec(link.content.toString('utf8'));
  if (parts === null) return stored;
  const window = view.windowOf(Buffer.from(parts[2] as string), Date.now());
  const named = Number(parts[1]);
  const revision = named < 0 && window.kind === 'open' ? window.last : named;
  const isThere = window.kind === 'open' && revision >= window.first && revision <= window.last;
  const target = isThere
    ? readRecordedEvent(reader.event(index.ordinalOf(window.stream, revision))).recorded
    : null;
  return resolvedLink(target, link.recorded, index.positionOf(ordinal));
}
