import {
  AccessDeniedError,
  DeadlineExceededError,
  NotLeaderError,
  TimeoutError,
  UnavailableError,
} from '@eventstore/db-client';
import type { EventStoreUrl } from '../schemas/event-store-url.ts';

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

/** Why the event store cannot be used, for a person. */
export interface StoreFault {
  readonly code: StoreFaultCode;
  /** The servers, without user and options. */
  readonly at: string;
  /** What is wrong and what to do about it, in sentences. */
  readonly why: string;
  /** True when waiting cannot help: somebody has to change a setting, a user or a right. */
  readonly final: boolean;
}

/** gRPC's code for a server that cannot be reached (grpc.status.UNAVAILABLE). */
const UNAVAILABLE = 14;
/** gRPC's code for a user or password that the server does not take (grpc.status.UNAUTHENTICATED). */
const UNAUTHENTICATED = 16;
const TRUST =
  /self.signed|unable to (verify|get)|certificate (has expired|is not yet valid)|altnames|CERT_|UNABLE_TO/i;
const NOT_TLS = /wrong version number|packet length too long|EPROTO/i;
const UNKNOWN_HOST = /name resolution failed|ENOTFOUND|EAI_AGAIN/i;
const STARTING = /server is not ready|not ready/i;
const HUNG_UP = /^Failed to connect/;
const NO_NODE = /failed to discover/i;

/** The server let a subscription go because its buffer of a few dozen events was full: ordinary under load (S1). */
export function isConsumerTooSlow(error: unknown): boolean {
  return textOf(error).includes('Consumer too slow');
}

/** The server cannot read from a position where no event stands (S5); this is all that it says then. */
export function isPositionRefused(error: unknown): boolean {
  return textOf(error).includes('Unexpected ReadAllResult');
}

/** No node of a cluster's connection string has named a leader; the client does not say why. */
export function isNoNode(error: unknown): boolean {
  return NO_NODE.test(textOf(error));
}

/** True for what the client or gRPC threw; an error of the consumer is none. */
export function isOfTheStore(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return 'type' in error || 'details' in error || error.name === 'NoAnswer' || isNoNode(error);
}

/** The words of a server that failed at a call, which a subscription from no event's position makes it do, too (S5). */
export function isHandlerFailure(error: unknown): boolean {
  return textOf(error).includes('Exception was thrown by handler');
}

/**
 * Names what an error of the client means.
 *
 * @param doing what was tried, as in `reading $all`
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
    return fault('STORE_NO_LEADER', 'The server is no leader and sends to another one.');
  if (STARTING.test(text)) return fault('STORE_NOT_READY', 'The server is starting and takes nothing yet.');
  if (isUnavailable(error)) return unreachable(lastReason(text), url, fault);
  if (error instanceof DeadlineExceededError || error instanceof TimeoutError || text === '')
    return fault('STORE_SILENT', 'The server takes connections and does not answer in time.');
  return fault('STORE_FAILED', `The server answered with an error: ${text}.`);
}

/** UNAUTHENTICATED says that the password is wrong, a denial that the user may not do it; nobody has no rights. */
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
        ? 'The server wants a user. Write esdb://user:password@host into EVENTSTORE_URL (docs/eventstore.md).'
        : 'The server wants a user, and without TLS none is sent. Take tls=false out of EVENTSTORE_URL.',
      { final: true },
    );
  if (Number(error.code) === UNAUTHENTICATED)
    return fault(
      'STORE_LOGIN_REFUSED',
      `The server does not take the user "${url.username}" with this password. Correct EVENTSTORE_URL.`,
      { final: true },
    );
  return fault(
    'STORE_RIGHT_MISSING',
    `The user "${url.username}" has no right for ${doing}. docs/eventstore.md has the rights that Docket needs.`,
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

/** Nobody listens, or somebody listens who wants to hear something else first. */
function unreachable(
  reason: string,
  url: EventStoreUrl,
  fault: (code: StoreFaultCode, why: string) => StoreFault,
): StoreFault {
  if (!HUNG_UP.test(reason))
    return fault('STORE_NOT_REACHED', `Nobody answers there (${reason}). Is the event store running?`);
  return fault(
    'STORE_HANGS_UP',
    url.isSecure
      ? 'The server closes the connection before it has said anything. Is it an event store?'
      : 'The server closes the connection at once. If it has TLS, take tls=false out of EVENTSTORE_URL.',
  );
}

/** The client gives some of gRPC's errors its own names and passes others on as they are. */
function isUnavailable(error: unknown): boolean {
  return error instanceof UnavailableError || (error as { code?: unknown } | null)?.code === UNAVAILABLE;
}

/** gRPC wraps the system's own words, which say most. */
function lastReason(text: string): string {
  const found = /Last error: (?:Error: )?(.*?)(?:\. Resolution note.*)?$/.exec(text);
  return (found?.[1] ?? text).slice(0, 200);
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
