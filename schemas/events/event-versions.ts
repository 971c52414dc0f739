import { z } from 'zod';
import { CodedError } from '../errors/coded-error.ts';
import { EventMetadata, isEventMetadata } from './event-metadata.ts';
import { JOB_EVENT_SCHEMAS, type JobEvent } from './job-events.ts';
import { SERVICE_EVENT_SCHEMAS, type ServiceEvent } from './service-events.ts';

type KnownEvent = JobEvent | ServiceEvent;
type KnownType = KnownEvent['type'];

/** Converts the payload of one version to the next. */
export type Upcaster = (payload: unknown) => unknown;

/**
 * `UPCASTERS[type][n]` converts version n + 1 to version n + 2. So the current version of a type is its number of
 * upcasters plus one. Docket never edits events in the log; it converts them when it reads them.
 */
const UPCASTERS: Partial<Record<KnownType, readonly Upcaster[]>> = {
  // Version 2 may have `mapping.parameters`. Uploads of version 1 had no parameters.
  DocumentUploaded: [(payload) => payload],
  // Version 2 may have `convertedBy`, and warnings whose codes have hyphens. Version 3 may have `invoice`.
  ConversionSucceeded: [(payload) => payload, (payload) => payload],
};

/**
 * This build cannot read an event of the log, because of an unknown type, a newer version or a wrong shape (D30,
 * D39).
 */
export class EventNotUnderstood extends CodedError {
  readonly code = 'EVENT_NOT_UNDERSTOOD';

  constructor(type: string, why: string, options?: ErrorOptions) {
    super(`Event ${type} cannot be understood: ${why}.`, options);
  }
}

/** The schema version that this build writes for an event type. */
export function currentVersion(type: KnownType): number {
  return (UPCASTERS[type]?.length ?? 0) + 1;
}

const SCHEMAS = new Map<string, z.ZodType>(
  Object.entries({ ...JOB_EVENT_SCHEMAS, ...SERVICE_EVENT_SCHEMAS }),
);

/** Reads an event of the log; null when this build cannot understand it. */
export function understoodOrNull(recorded: Parameters<typeof understandEvent>[0]): KnownEvent | null {
  try {
    return understandEvent(recorded);
  } catch (error) {
    if (error instanceof EventNotUnderstood) return null;
    throw error;
  }
}

/**
 * Reads an event of the log: converts it to the current version and checks it.
 * @throws EventNotUnderstood
 */
export function understandEvent(recorded: { type: string; data: unknown; metadata: unknown }): KnownEvent {
  const schema = SCHEMAS.get(recorded.type);
  if (!schema) throw new EventNotUnderstood(recorded.type, 'its type is unknown to this build');
  const type = recorded.type as KnownType;
  if (!isEventMetadata(recorded.metadata))
    throw new EventNotUnderstood(type, 'its metadata is not complete', {
      cause: EventMetadata.safeParse(recorded.metadata).error,
    });
  const { schemaVersion } = recorded.metadata;
  if (schemaVersion > currentVersion(type))
    throw new EventNotUnderstood(
      type,
      `version ${schemaVersion} is newer than version ${currentVersion(type)} of this build`,
    );

  const lifted = (UPCASTERS[type] ?? [])
    .slice(schemaVersion - 1)
    .reduce((payload, upcast) => upcast(payload), recorded.data);
  const parsed = schema.safeParse(lifted);
  if (!parsed.success)
    throw new EventNotUnderstood(type, z.prettifyError(parsed.error).replaceAll('\n', ' '), {
      cause: parsed.error,
    });
  return { type, data: parsed.data } as KnownEvent;
}
