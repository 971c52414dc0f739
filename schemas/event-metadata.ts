import { z } from 'zod';
import { Sha256 } from './ids.ts';

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
