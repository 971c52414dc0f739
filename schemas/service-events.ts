import { z } from 'zod';
import { ApiErrorCode } from './error-codes.ts';
import { OwnerId } from './ids.ts';

const At = z.iso.datetime({ precision: 3 });

/** Stream `rejected-uploads`: one file that was refused before it could become a job. Written until `UploadsRejected`. */
export const UploadRejected = z.object({
  at: At,
  owner: OwnerId,
  code: ApiErrorCode,
  filename: z.string().max(400),
  /** Bytes seen until the refusal. */
  bytes: z.number().int().min(0),
  reason: z.string().max(500),
});
export type UploadRejected = z.infer<typeof UploadRejected>;

/** Refused files that one event describes; the others are counted. */
export const REJECTED_EXAMPLES_MAX = 5;

/** Stream `rejected-uploads`: all files that one command-api refused since its last event, at most one a minute. */
export const UploadsRejected = z.object({
  at: At,
  /** When the first of them was refused. */
  since: At,
  counts: z.array(z.object({ code: ApiErrorCode, count: z.number().int().min(1) })).min(1),
  /** The first of them. */
  examples: z.array(UploadRejected).max(REJECTED_EXAMPLES_MAX),
});
export type UploadsRejected = z.infer<typeof UploadsRejected>;

/** Stream `gateway`: the circuit breaker opened; no job is claimed until it closes. */
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
