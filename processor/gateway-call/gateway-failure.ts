import { CodedError } from '../../schemas/errors/coded-error.ts';
import type { JobFailureCode } from '../../schemas/errors/error-codes.ts';
import { gatewayRefusalSchema } from '../../schemas/protocols/gateway-protocol.ts';

/** Longest message that an event may hold. */
const MESSAGE_CHARS_MAX = 500;
const REASON = /^[A-Z][A-Z0-9_]{0,63}$/;
/** Upper bound of a `Retry-After`. The retry policy has its own, lower limit. */
const RETRY_AFTER_MAX_MS = 24 * 60 * 60 * 1000;
/**
 * Statuses that refuse the call at this moment, and not the document: RFC 9110 (408), RFC 8470 (425), RFC 6585 (429).
 * Docket retries them. They have the code GW_5XX of a gateway that cannot answer now, with a reason such as
 * `HTTP_429`. GW_4XX always means a final refusal of the file.
 */
const PASSING_STATUSES: ReadonlySet<number> = new Set([408, 425, 429]);

/** An attempt ended without a result. */
export class AttemptFailed extends CodedError {
  readonly code: JobFailureCode;
  override readonly retryable: boolean;
  /** The gateway's own reason, such as `PDF_ENCRYPTED`. */
  readonly reason: string | null;
  readonly retryAfterMs: number | null;
  /** True when the failure says something about the gateway's health. A refused file does not. */
  readonly countsAgainstGateway: boolean;

  constructor(
    code: JobFailureCode,
    message: string,
    options: ErrorOptions & {
      final?: boolean;
      reason?: string | null;
      retryAfterMs?: number | null;
      countsAgainstGateway?: boolean;
    } = {},
  ) {
    super(message.slice(0, MESSAGE_CHARS_MAX), options);
    this.code = code;
    this.retryable = !(options.final ?? false);
    this.reason = options.reason ?? null;
    this.retryAfterMs = options.retryAfterMs ?? null;
    this.countsAgainstGateway = options.countsAgainstGateway ?? false;
  }
}

/** An answer of the gateway that is no result. */
export interface GatewayAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  /** The first bytes of the body, as text. */
  readonly body: string;
}

/**
 * Makes the failure of the attempt from an answer other than 200 (R05.01, R06.01).
 *
 * | answer | code | tried again | counts against the gateway |
 * |---|---|---|---|
 * | 4xx | GW_4XX | no | no |
 * | 401, 403 | GW_UNREACHABLE | yes | yes: the caller sent a wrong token, which is not the fault of a file |
 * | 408, 425, 429 | GW_5XX | yes, after `Retry-After` | no |
 * | 5xx | GW_5XX | yes, after `Retry-After` | yes |
 * | anything else, redirects included | GW_BAD_OUTPUT | yes | yes |
 */
export function failureOfAnswer(answer: GatewayAnswer, now: number): AttemptFailed {
  const { status } = answer;
  const refusal = refusalOf(answer);
  const retryAfterMs = retryAfterMsOf(answer.retryAfter, now);
  if (PASSING_STATUSES.has(status))
    return new AttemptFailed('GW_5XX', refusal.message, { reason: `HTTP_${status}`, retryAfterMs });

  if (status === 401 || status === 403) {
    const counted = { reason: `HTTP_${status}`, countsAgainstGateway: true };
    return new AttemptFailed('GW_UNREACHABLE', 'The gateway refuses the token (GATEWAY_TOKEN).', counted);
  }
  if (status >= 400 && status < 500)
    return new AttemptFailed('GW_4XX', refusal.message, { reason: refusal.code, final: true });
  if (status >= 500) {
    const counted = { retryAfterMs, countsAgainstGateway: true };
    return new AttemptFailed('GW_5XX', refusal.message, { reason: refusal.code, ...counted });
  }
  const what = status >= 300 && status < 400 ? 'a redirect, which is not followed' : 'not a result';
  return badOutput(`The gateway answered ${status}, ${what}.`);
}

/** The failure for a 200 that breaks the contract (D17). */
export function badOutput(message: string, options: ErrorOptions = {}): AttemptFailed {
  return new AttemptFailed('GW_BAD_OUTPUT', message, { ...options, countsAgainstGateway: true });
}

/**
 * Returns the gateway's code and message. If an event cannot hold them, or the gateway sent none, returns only the
 * status.
 */
function refusalOf({ status, body }: GatewayAnswer): { code: string; message: string } {
  const bare = { code: `HTTP_${status}`, message: `The gateway answered ${status}.` };
  try {
    const parsed = gatewayRefusalSchema.safeParse(JSON.parse(body));
    if (!parsed.success || !REASON.test(parsed.data.code)) return bare;
    const message = parsed.data.message
      .toWellFormed()
      .replaceAll(/\p{Cc}+/gu, ' ')
      .trim();
    return { code: parsed.data.code, message: message === '' ? bare.message : message };
  } catch {
    return bare;
  }
}

/** Reads `Retry-After` (RFC 9110, section 10.2.3): seconds or a date. Null when absent or not understood. */
export function retryAfterMsOf(value: string | undefined, now: number): number | null {
  if (value === undefined || value === '') return null;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isNaN(ms) ? null : Math.min(RETRY_AFTER_MAX_MS, Math.max(0, ms));
}
