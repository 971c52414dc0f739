/** The local time in a zone in the form of an input of type `datetime-local`: `2026-05-04T13:07:09`. */
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
 * The instant (ISO 8601 in UTC) for a local time in the zone; null when `text` is no time. For a local hour that
 * occurs twice, the result is in the first of the two hours. For a skipped hour, the result is in the following hour.
 */
export function instantOf(text: string, zone: string): string | null {
  const asUtc = Date.parse(`${text}Z`);
  if (Number.isNaN(asUtc)) return null;
  const offsetMs = (ms: number) =>
    Date.parse(`${localText(new Date(ms).toISOString(), zone)}Z`) - wholeSec(ms);
  const dayMs = 86_400_000;
  // At that moment, only the offset of the previous day or of the next day can apply.
  const before = asUtc - offsetMs(asUtc - dayMs);
  const after = asUtc - offsetMs(asUtc + dayMs);
  const shows = (ms: number) => ms + offsetMs(ms) === wholeSec(asUtc);
  const fitting = [before, after].filter(shows);
  return new Date(fitting.length === 0 ? before : Math.min(...fitting)).toISOString();
}

function wholeSec(ms: number): number {
  return Math.floor(ms / 1_000) * 1_000;
}
