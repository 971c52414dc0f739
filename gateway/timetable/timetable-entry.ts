import type { Box } from '../pdf/matrix.ts';

/** Something that happens every week on a weekday, or once on a date. */
export interface TimetableEntry {
  /** The weekday of the entry; 0 is Monday. */
  readonly weekday: number;
  /** The date of an entry that happens once, as `YYYY-MM-DD`; undefined for an entry that repeats every week. */
  readonly date: string | undefined;
  /** The start in minutes from midnight, in the timetable's own time zone. */
  readonly start: number;
  /** The end in minutes, later than `start`. From 1440 on, the end is on the next day. */
  readonly end: number;
  readonly title: string;
  readonly place: string | undefined;
  readonly teacher: string | undefined;
  /** The heading of the grid, if a file has several grids with different headings. */
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
