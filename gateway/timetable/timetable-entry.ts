import type { Box } from '../pdf/matrix.ts';

/** Something that happens every week on a weekday, or once on a date. */
export interface TimetableEntry {
  /** 0 is Monday. */
  readonly weekday: number;
  /** `YYYY-MM-DD` of an entry that happens once; undefined for one that repeats every week. */
  readonly date: string | undefined;
  /** Minutes from midnight, in the timetable's own zone. */
  readonly start: number;
  /** Minutes, later than `start`; from 1440 on it is on the next day. */
  readonly end: number;
  readonly title: string;
  readonly place: string | undefined;
  readonly teacher: string | undefined;
  /** What stands over the grid, where a file has several that differ. */
  readonly heading: string | undefined;
  readonly page: number;
  /** The entry as printed, where it stands (points from the page's top left), and what it was read from. */
  readonly raw: string;
  readonly box: Box | undefined;
  readonly rule: 'grid' | 'list';
}

/** The entries of a timetable, and the texts that are no entries. */
export interface TimetableReading {
  readonly entries: readonly TimetableEntry[];
  /** Lines beside and under the entries that are none, as printed. */
  readonly leftOut: readonly string[];
  /** Entries whose title goes over several lines, of which one may be something else. */
  readonly severalLines: number;
}
