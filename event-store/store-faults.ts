import {
  AccessDeniedError,
  DeadlineExceededError,
  NotLeaderError,
  TimeoutError,
  UnavailableError,
} from '@eventstore/db-client';
import type { EventStoreUrl } from '../schemas/settings/event-store-url.ts';

export type StoreFaultCode =
  | 'STORE_HOST_UNKNOWN'
  | 'STORE_NOT_REACHED'
  | 'STORE_NOT_TRUSTED'
  | 'STORE_WITHOUT_TLS'
  | 'STORE_HANGS_UP'
  | 'STORE_LOGIN_MISSING'
  | 'STORE_LOGIN_REFUSED'
  | 'STORE_RIGHT_MISSING'
  | 'STORE_NOT_READY'
  | 'STORE_NO_LEADER'
  | 'STORE_SILENT'
  | 'STORE_FAILED';

/** The reason why Docket cannot use the event store, in words for a person. */
export interface StoreFault {
  readonly code: StoreFaultCode;
  /** The servers, without user and options. */
  readonly at: string;
  /** The fault and its remedy, as sentences. */
  readonly why: string;
  /** True when waiting cannot help, because somebody must change a setting, a user or a right. */
  readonly final: boolean;
}

/** gRPC's code for a server that cannot be reached (grpc.status.UNAVAILABLE). */
const UNAVAILABLE = 14;
/** gRPC's code for a user or password that the server does not accept (grpc.status.UNAUTHENTICATED). */
const UNAUTHENTICATED = 16;
const TRUST =
  /self.signed|unable to (verify|get)|certificate (has expired|is not yet valid)|altnames|CERT_|UNABLE_TO/i;
const NOT_TLS = /wrong version number|packet length too long|EPROTO/i;
const UNKNOWN_HOST = /name resolution failed|ENOTFOUND|EAI_AGAIN/i;
const STARTING = /server is not ready|not ready/i;
const HUNG_UP = /^Failed to connect/;
const NO_NODE = /failed to discover/i;

/**
 * True when the server ended a subscription because the buffer of the subscription was full. The buffer holds a few
 * dozen events, so this is ordinary under load (S1).
 */
export function isConsumerTooSlow(error: unknown): boolean {
  return textOf(error).includes('Consumer too slow');
}

/**
 * True when the server refused to read from a position where no event begins (S5). The client reports only an
 * unexpected answer.
 */
export function isPositionRefused(error: unknown): boolean {
  return textOf(error).includes('Unexpected ReadAllResult');
}

/** True when no node in a cluster's connection string has named a leader. The client does not report the reason. */
export function isNoNode(error: unknown): boolean {
  return NO_NODE.test(textOf(error));
}

/** True for an error of the client or gRPC, false for an error of the consumer. */
export function isOfTheStore(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return 'type' in error || 'details' in error || error.name === 'NoAnswer' || isNoNode(error);
}

/**
 * True for the text of a server whose handler failed. A subscription from a position without an event also causes
 * this text (S5).
 */
export function isHandlerFailure(error: unknown): boolean {
  return textOf(error).includes('Exception was thrown by handler');
}

/**
 * Finds the fault that an error of the client shows.
 *
 * @param doing the action of the caller, for example `reading $all`
 */
export function faultOf(error: unknown, url: EventStoreUrl, doing: string): StoreFault {
  const text = textOf(error);
  const fault = (code: StoreFaultCode, why: string, { final } = { final: false }): StoreFault => {
    return { code, at: url.address, why, final };
  };
  if (error instanceof AccessDeniedError) return refused(error, url, doing, fault);
  if (NOT_TLS.test(text))
    return fault(
      'STORE_WITHOUT_TLS',
      'The server speaks no TLS. Write tls=false into EVENTSTORE_URL, or start the server with certificates.',
      { final: true },
    );
  if (TRUST.test(text)) return fault('STORE_NOT_TRUSTED', distrust(text, url), { final: true });
  if (UNKNOWN_HOST.test(text))
    return fault('STORE_HOST_UNKNOWN', 'The host name has no address. Check its spelling in EVENTSTORE_URL.');
  if (isNoNode(error))
    return fault(
      'STORE_NO_LEADER',
      'No server of EVENTSTORE_URL names a leader. Check the host names, and that most nodes of the cluster run.',
    );
  if (error instanceof NotLeaderError)
    return fault('STORE_NO_LEADER', 'The server is not the leader and names another server.');
  if (STARTING.test(text))
    return fault('STORE_NOT_READY', 'The server is starting and accepts no calls yet.');
  if (isUnavailable(error)) return unreachable(lastReason(text), url, fault);
  if (error instanceof DeadlineExceededError || error instanceof TimeoutError || text === '')
    return fault('STORE_SILENT', 'The server accepts connections and does not answer in time.');
  return fault('STORE_FAILED', `The server answered with an error: ${text}.`);
}

/**
 * UNAUTHENTICATED means a wrong password. A denial means that the user lacks a right, or that the client sent no user.
 */
function refused(
  error: AccessDeniedError,
  url: EventStoreUrl,
  doing: string,
  fault: (code: StoreFaultCode, why: string, options: { final: boolean }) => StoreFault,
): StoreFault {
  const isSent = url.isSecure && url.username !== null;
  if (!isSent)
    return fault(
      'STORE_LOGIN_MISSING',
      url.isSecure
        ? 'The server requires a user. Write esdb://user:password@host into EVENTSTORE_URL (docs/eventstore.md).'
        : 'The server requires a user, and Docket sends none without TLS. Remove tls=false from EVENTSTORE_URL.',
      { final: true },
    );
  if (Number(error.code) === UNAUTHENTICATED)
    return fault(
      'STORE_LOGIN_REFUSED',
      `The server does not accept the user "${url.username}" with this password. Correct EVENTSTORE_URL.`,
      { final: true },
    );
  return fault(
    'STORE_RIGHT_MISSING',
    `The user "${url.username}" has no right for ${doing}. docs/eventstore.md lists the rights that Docket needs.`,
    { final: true },
  );
}

function distrust(text: string, url: EventStoreUrl): string {
  if (/altnames/i.test(text))
    return 'The certificate of the server is for another host name. Use a name that it holds, or issue one with this name.';
  if (/expired/i.test(text)) return 'The certificate of the server has expired. Renew it.';
  if (/not yet valid/i.test(text))
    return 'The certificate of the server is not valid yet. Check the clocks of both machines.';
  return url.caFile === null
    ? 'The authority that signed the certificate of the server is not trusted here. Name its file by tlsCAFile in EVENTSTORE_URL.'
    : `The certificate of the server was not signed by the authority in ${url.caFile}. Name the right file by tlsCAFile.`;
}

/** Returns the fault when nobody listens on the port, or when the program on that port does not speak this protocol. */
function unreachable(
  reason: string,
  url: EventStoreUrl,
  fault: (code: StoreFaultCode, why: string) => StoreFault,
): StoreFault {
  if (!HUNG_UP.test(reason))
    return fault(
      'STORE_NOT_REACHED',
      `Nobody answers at this address (${reason}). Is the event store running?`,
    );
  return fault(
    'STORE_HANGS_UP',
    url.isSecure
      ? 'The server closes the connection before it sends anything. Is it an event store?'
      : 'The server closes the connection at once. If it uses TLS, remove tls=false from EVENTSTORE_URL.',
  );
}

/** The client renames some of gRPC's errors and passes other errors on unchanged. */
function isUnavailable(error: unknown): boolean {
  return error instanceof UnavailableError || (error as { code?: unknown } | null)?.code === UNAVAILABLE;
}

/** gRPC wraps the message of the operating system, which names the cause best. */
function lastReason(text: string): string {
  const found = /Last error: (?:Error: )?(.*?)(?:\. Resolution note.*)?$/.exec(text);
  return (found?.[1] ?? text).slice(0, 200);
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
