import { z } from 'zod';
import { ApiErrorCode } from './error-codes.ts';
import { OwnerId } from './ids.ts';

const At = z.iso.datetime({ precision: 3 });

/** Stream `rejected-uploads`: what was refused before it could become a job. */
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

export const SERVICE_EVENT_SCHEMAS = { UploadRejected, GatewayPaused, GatewayResumed } as const;
export type ServiceEventType = keyof typeof SERVICE_EVENT_SCHEMAS;
export type ServiceEvent = {
  [Type in ServiceEventType]: {
    readonly type: Type;
    readonly data: z.infer<(typeof SERVICE_EVENT_SCHEMAS)[Type]>;
  };
}[ServiceEventType];
