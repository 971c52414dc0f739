import { z } from 'zod';

/** What every event says about where it came from. */
export const EventMetadata = z.object({
  /** The request or the processor's step that led here. */
  correlationId: z.string().min(1).max(64),
  /** The command that decided the event. */
  causationId: z.string().min(1).max(64),
  /** `owner:<id>`, `processor:<id>`, `operator` or `system`. */
  actor: z.string().min(1).max(120),
  schemaVersion: z.number().int().min(1),
});
export type EventMetadata = z.infer<typeof EventMetadata>;
