/** `2026-05-04T13:07:09` in a zone, as an input of type `datetime-local` shows it. */
export function localText(at: string, zone: string): string {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  }).formatToParts(Date.parse(at));
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.find((each) => each.type === type)?.value ?? '';
  return `${part('year')}-${part('month')}-${part('day')}T${part('hour')}:${part('minute')}:${part('second')}`;
}

/**
 * The instant (ISO 8601 in UTC) that a clock in the zone shows as `text`; null when it is not a time. An hour that a
 * zone shows twice means the first time, one that it leaves out means the hour after.
 */
export function instantOf(text: string, zone: string): string | null {
  const asUtc = Date.parse(`${text}Z`);
  if (Number.isNaN(asUtc)) return null;
  const offsetMs = (ms: number) =>
    Date.parse(`${localText(new Date(ms).toISOString(), zone)}Z`) - wholeSec(ms);
  const dayMs = 86_400_000;
  // Only the offsets of the day before and of the day after can hold at that moment.
  const before = asUtc - offsetMs(asUtc - dayMs);
  const after = asUtc - offsetMs(asUtc + dayMs);
  const shows = (ms: number) => ms + offsetMs(ms) === wholeSec(asUtc);
  const fitting = [before, after].filter(shows);
  return new Date(fitting.length === 0 ? before : Math.min(...fitting)).toISOString();
}

function wholeSec(ms: number): number {
  return Math.floor(ms / 1_000) * 1_000;
}
