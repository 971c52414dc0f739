import { v5 as uuidv5 } from 'uuid';
import { z } from 'zod';

/** Namespace of every name-based id of Docket (RFC 9562, section 5.5). Changing it changes every job id. */
const DOCKET_NAMESPACE = '6f1d8f0e-3c57-5b0a-9a53-0d0c7e0a5d11';

const lowerUuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Lower-case canonical UUID. Upper case is refused, so that one job has one address. */
export const JobId = z.string().regex(lowerUuid, 'not a job id');
export type JobId = z.infer<typeof JobId>;

/** The same question without a parser around it: it is asked of every event that is read. */
export function isJobId(text: string): boolean {
  return lowerUuid.test(text);
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

/** Joins name parts so that no two different lists give the same name. */
function nameOf(kind: string, parts: readonly string[]): string {
  return JSON.stringify([kind, ...parts]);
}

/**
 * The job of one owner, one content and one mapping version. Because it is a function of the three, the job's own
 * stream is the guard against double work (promise 5).
 */
export function jobIdOf(owner: string, mapping: { id: string; version: number }, sha256: string): JobId {
  return uuidv5(nameOf('job', [owner, mapping.id, String(mapping.version), sha256]), DOCKET_NAMESPACE);
}

/** The id of the `index`-th event that a command decides: the same command always appends the same ids. */
export function eventIdOf(commandId: string, index: number): string {
  return uuidv5(nameOf('event', [commandId, String(index)]), DOCKET_NAMESPACE);
}

/** A command id derived from what the command means, for commands that may be sent again after a crash. */
export function commandIdOf(...parts: readonly string[]): string {
  return uuidv5(nameOf('command', parts), DOCKET_NAMESPACE);
}
