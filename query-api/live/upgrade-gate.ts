import type { IncomingMessage } from 'node:http';
import type { RefusalReason } from '../../identity/rate-limits.ts';
import type { ReadClient } from '../../runtime/http/client.ts';
import type { ApiErrorCode } from '../../schemas/errors/error-codes.ts';
import { LIVE_LIMITS, LIVE_PROTOCOL } from '../../schemas/protocols/live-protocol.ts';

/** The functions of identity/ that the gate needs. */
export interface SocketIdentity {
  ownerOfUpgrade(request: IncomingMessage): string | null;
  mayOpenSocket(request: IncomingMessage): boolean;
  mayOperate(request: IncomingMessage): boolean;
  readonly readClient: ReadClient;
}

export type Admission =
  | { readonly owner: string; readonly operates: boolean; readonly clientKey: string }
  | { readonly refused: ApiErrorCode; readonly message: string };

/**
 * Decides whether a socket may open, before the upgrade is accepted. The gate checks the exact Origin (A-CS03), then
 * the session, the subprotocol, and the limits (A-WS03).
 */
export function admit(
  request: IncomingMessage,
  identity: SocketIdentity,
  open: {
    readonly ofOwner: (owner: string) => number;
    readonly ofAddress: number;
    readonly ofAddressMax: number;
    readonly total: number;
    readonly totalMax: number;
    readonly refusedBy: (reason: RefusalReason) => void;
  },
): Admission {
  if (request.method !== 'GET') return refuse('METHOD_NOT_ALLOWED', 'A socket must be opened with GET.');
  if (!identity.mayOpenSocket(request))
    return refuse('FORBIDDEN', 'Only pages of this site may open sockets.');
  const owner = identity.ownerOfUpgrade(request);
  if (owner === null) return refuse('UNAUTHENTICATED', 'There is no valid session with this request.');
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  if (!offered.includes(LIVE_PROTOCOL))
    return refuse('BAD_REQUEST', `The subprotocol of this socket is ${LIVE_PROTOCOL}.`);
  if (open.ofOwner(owner) >= LIVE_LIMITS.socketsPerOwnerMax) {
    open.refusedBy('socket-owner');
    const most = LIVE_LIMITS.socketsPerOwnerMax;
    return refuse('RATE_LIMITED', `At most ${most} sockets of one owner are open at a time.`);
  }
  if (open.ofAddress >= open.ofAddressMax) {
    open.refusedBy('socket-address');
    const most = open.ofAddressMax;
    return refuse('RATE_LIMITED', `At most ${most} sockets of one address are open at a time.`);
  }
  if (open.total >= open.totalMax)
    return refuse('UNAVAILABLE', 'This server has no room for another socket now.');
  return { owner, operates: identity.mayOperate(request), clientKey: identity.readClient(request).key };
}

function refuse(refused: ApiErrorCode, message: string): Admission {
  return { refused, message };
}
