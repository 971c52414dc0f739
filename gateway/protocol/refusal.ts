import { CodedError } from '../../schemas/errors/coded-error.ts';
import { GATEWAY_REFUSAL_STATUS } from '../../schemas/protocols/gateway-protocol.ts';
import type { GatewayRefusalCode } from '../../schemas/protocols/gateway-protocol.ts';

/** The reason why the gateway gives no result, in one sentence for the person who sent the document. */
export class Refusal extends CodedError {
  readonly code: GatewayRefusalCode;
  /** True when the same request may succeed later without any change to it. */
  override readonly retryable: boolean;
  /** For 503: whole seconds after which a new attempt makes sense. */
  readonly retryAfterSec: number | undefined;

  constructor(
    code: GatewayRefusalCode,
    message: string,
    options: { cause?: unknown; retryAfterSec?: number } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = GATEWAY_REFUSAL_STATUS[code] >= 500;
    this.retryAfterSec = options.retryAfterSec;
  }
}

/** Returns the refusal of a document whose values are unclear or contradict one another. */
export function checksFailed(message: string): Refusal {
  return new Refusal('CHECKS_FAILED', message);
}
