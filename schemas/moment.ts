import { z } from 'zod';

/** The moment of a past state: a commit position of the log, or an instant (ISO 8601, UTC with milliseconds). */
export type Moment =
  { readonly kind: 'position'; readonly position: bigint } | { readonly kind: 'time'; readonly at: string };

/** The largest position of a log (a signed 64-bit number). */
const POSITION_MAX = 2n ** 63n - 1n;
const POSITION = /^\d{1,19}$/;
/** A date without a time means its first instant in UTC. A time without an offset is in UTC. */
const TIME = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})?)?$/;

/** Parses the text of a person or a link; null when it is neither a position nor a time. */
export function momentOf(text: string): Moment | null {
  if (POSITION.test(text)) {
    const position = BigInt(text);
    return position > POSITION_MAX ? null : { kind: 'position', position };
  }
  if (!TIME.test(text)) return null;
  const isInstant = text.includes('T');
  const hasZone = /(Z|[+-]\d{2}:\d{2})$/.test(text);
  const ms = Date.parse(isInstant && !hasZone ? `${text}Z` : text);
  return Number.isNaN(ms) ? null : { kind: 'time', at: new Date(ms).toISOString() };
}

/** A moment in a query: `?at=` and `?asOf=`. */
export const MomentText = z
  .string()
  .max(40)
  .transform((text, context) => {
    const moment = momentOf(text);
    if (moment) return moment;
    context.addIssue({ code: 'custom', message: 'a position or a time such as 2026-03-01T12:00Z' });
    return z.NEVER;
  });
