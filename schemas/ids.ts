import { z } from 'zod';

const LOWER_UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Lower-case canonical UUID. Upper case is refused, so that one job has one address. */
export const JobId = z.string().regex(LOWER_UUID, 'not a job id');
export type JobId = z.infer<typeof JobId>;

/** The same question without a parser around it: it is asked of every event that is read. */
export function isJobId(text: string): boolean {
  return LOWER_UUID.test(text);
}

/** Who a job belongs to: the random id of a session now, an account later. Opaque, 1 to 64 characters. */
export const OwnerId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'not an owner id');
export type OwnerId = z.infer<typeof OwnerId>;

/** `pt_simon_invoice_v1` and the like. */
export const MappingId = z.string().regex(/^[a-z][a-z0-9_]{0,63}$/, 'not a mapping id');
export type MappingId = z.infer<typeof MappingId>;

/** SHA-256 in lower-case hexadecimal. */
export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'not a SHA-256 in hexadecimal');

/** A commit position on the wire: decimal digits, since it can pass 2^53. */
export const PositionText = z.string().regex(/^\d{1,19}$/, 'not a position');
