import { z } from 'zod';
import { Sha256 } from '../ids.ts';

/** The origin of an event. */
export const EventMetadata = z.object({
  /** The HTTP request or the processor's step that caused the event. */
  correlationId: z.string().min(1).max(64),
  /** The id of the command that decided the event. */
  causationId: z.string().min(1).max(64),
  /** The actor: `owner:<id>`, `processor:<id>`, `operator` or `system`. */
  actor: z.string().min(1).max(120),
  schemaVersion: z.number().int().min(1),
  /**
   * The hash of the previous event in the stream; null for the first event. Absent in events that were written before
   * Docket chained events.
   */
  previousHash: Sha256.nullable().optional(),
  /** The hash of this event, which covers `previousHash` (event-store/event-hash.ts). */
  hash: Sha256.optional(),
});
export type EventMetadata = z.infer<typeof EventMetadata>;

const SHA256 = /^[0-9a-f]{64}$/;

/**
 * The same check, which Docket runs for every event that it reads. Ordinary metadata needs no Zod. Everything else is for the
 * schema to decide.
 */
export function isEventMetadata(value: unknown): value is EventMetadata {
  return isOrdinary(value) || EventMetadata.safeParse(value).success;
}

function isOrdinary(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const metadata = value as Readonly<Record<string, unknown>>;
  const { schemaVersion, previousHash, hash } = metadata;
  return (
    isText(metadata['correlationId'], 64) &&
    isText(metadata['causationId'], 64) &&
    isText(metadata['actor'], 120) &&
    Number.isSafeInteger(schemaVersion) &&
    (schemaVersion as number) >= 1 &&
    (previousHash === null || isSha256(previousHash)) &&
    isSha256(hash)
  );
}

function isText(value: unknown, unitsMax: number): boolean {
  return typeof value === 'string' && value.length >= 1 && value.length <= unitsMax;
}

function isSha256(value: unknown): boolean {
  return typeof value === 'string' && SHA256.test(value);
}
