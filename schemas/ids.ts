import { z } from 'zod';

const LOWER_UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Lower-case canonical UUID. Docket refuses upper case, so that a job has only one address. */
export const JobId = z.string().regex(LOWER_UUID, 'not a job id');
export type JobId = z.infer<typeof JobId>;

/** Checks a job id without Zod, because Docket does so for every event that it reads. */
export function isJobId(text: string): boolean {
  return LOWER_UUID.test(text);
}

/** The owner of a job: at present the random id of a session. The id has 1 to 64 characters without a meaning. */
export const OwnerId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'not an owner id');
export type OwnerId = z.infer<typeof OwnerId>;

/** The id of a mapping, for example `pt_simon_invoice_v1`. */
export const MappingId = z.string().regex(/^[a-z][a-z0-9_]{0,63}$/, 'not a mapping id');
export type MappingId = z.infer<typeof MappingId>;

/** SHA-256 in lower-case hexadecimal. */
export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'not a SHA-256 in hexadecimal');

/** A commit position as text: decimal digits, because it can exceed 2^53. */
export const PositionText = z.string().regex(/^\d{1,19}$/, 'not a position');
