/**
 * The filter that selects the events of `$all` for a reader. It needs only the index, so the store never reads an
 * event from disk that the filter rejects.
 */
import { RE2JS } from 're2js';
import type { LogIndex } from '../storage/log-index.ts';
import type { ReadFilter } from '../../event-store/wire/read-request.ts';

/** True when the event at `ordinal` passes. */
export type EventFilter = (ordinal: number) => boolean;

/**
 * Compiles a filter. Its regular expressions run in linear time for every text and pattern. They differ in details
 * from EventStoreDB's (.NET).
 * @throws an error of re2js when the expression is not valid
 */
export function compileFilter(filter: ReadFilter | null, index: LogIndex): EventFilter {
  if (filter === null) return () => true;
  const names = filter.on === 'stream' ? index.streams : index.types;
  const numberOf = filter.on === 'stream' ? index.streamOf : index.typeOf;
  const { prefixes } = filter;
  if (prefixes.length > 0)
    return (ordinal) => {
      const number = numberOf(ordinal);
      return prefixes.some((prefix) => names.startsWith(number, prefix));
    };

  if (filter.regex === '') return () => true;
  const expression = RE2JS.compile(filter.regex);
  const matches = (number: number): boolean => expression.matcher(names.name(number).toString('utf8')).find();
  if (filter.on === 'stream') return (ordinal) => matches(numberOf(ordinal));
  // There are few event types, so the filter matches each type only once and keeps the result.
  const known = new Map<number, boolean>();
  return (ordinal) => {
    const number = numberOf(ordinal);
    const answer = known.get(number) ?? matches(number);
    known.set(number, answer);
    return answer;
  };
}
