import type { Box } from '../pdf/matrix.ts';

/** Something that happens every week on a weekday, or once on a date. */
export interface TimetableEntry {
  /** The weekday of the entry; 0 is Monday. */
  readonly weekday: number;
  /** `YYYY-MM-DD` of an entry that happens once; undefined for one that repeats every week. */
  readonly date: string | undefined;
  /** Minutes from midnight, in the timetable's own zone. */
  readonly start: number;
  /** Minutes, later than `start`. From 1440 on the end is on the next day. */
  readonly end: number;
  readonly title: string;
  readonly place: string | undefined;
  readonly teacher: string | undefined;
  /** The heading of the grid, where a file has several with different ones. */
  readonly heading: string | undefined;
  readonly page: number;
  /** The entry as printed, its place (points from the page's top left), and the source of its values. */
  readonly raw: string;
  readonly box: Box | undefined;
  readonly rule: 'grid' | 'list';
}

/** The entries of a timetable, and the texts that are no entries. */
export interface TimetableReading {
  readonly entries: readonly TimetableEntry[];
  /** Lines beside and below the entries, as printed, that are not entries themselves. */
  readonly leftOut: readonly string[];
  /** The number of entries with a title of several lines. One of the lines may not be part of the title. */
  readonly severalLines: number;
}
