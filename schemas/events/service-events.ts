import { z } from 'zod';
import { ApiErrorCode } from '../errors/error-codes.ts';
import { OwnerId } from '../ids.ts';

const At = z.iso.datetime({ precision: 3 });

/**
 * Stream `rejected-uploads`: one file that Docket refused before it became a job. New builds write `UploadsRejected`
 * instead.
 */
export const UploadRejected = z.object({
  at: At,
  owner: OwnerId,
  code: ApiErrorCode,
  filename: z.string().max(400),
  /** Number of bytes received until the refusal. */
  bytes: z.number().int().min(0),
  reason: z.string().max(500),
});
export type UploadRejected = z.infer<typeof UploadRejected>;

/** Most refused files that one event describes. The event only counts further files. */
export const REJECTED_EXAMPLES_MAX = 5;

/**
 * Stream `rejected-uploads`: all files that one command-api refused since its last event. Written once a minute at
 * most.
 */
export const UploadsRejected = z.object({
  at: At,
  /** The time of the first refusal. */
  since: At,
  counts: z.array(z.object({ code: ApiErrorCode, count: z.number().int().min(1) })).min(1),
  /** The first of the refused files. */
  examples: z.array(UploadRejected).max(REJECTED_EXAMPLES_MAX),
});
export type UploadsRejected = z.infer<typeof UploadsRejected>;

/** Stream `gateway`: the circuit breaker opened. No processor claims a job until it closes. */
export const GatewayPaused = z.object({
  at: At,
  processorId: z.string().max(100),
  failures: z.number().int().min(0),
  lastCode: z.string().max(64),
});
export type GatewayPaused = z.infer<typeof GatewayPaused>;

/** Stream `gateway`: the circuit breaker closed again. */
export const GatewayResumed = z.object({
  at: At,
  processorId: z.string().max(100),
  pausedMs: z.number().int().min(0),
});
export type GatewayResumed = z.infer<typeof GatewayResumed>;

export const SERVICE_EVENT_SCHEMAS = {
  UploadRejected,
  UploadsRejected,
  GatewayPaused,
  GatewayResumed,
} as const;
export type ServiceEventType = keyof typeof SERVICE_EVENT_SCHEMAS;
export type ServiceEvent = {
  [Type in ServiceEventType]: {
    readonly type: Type;
    readonly data: z.infer<(typeof SERVICE_EVENT_SCHEMAS)[Type]>;
  };
}[ServiceEventType];
