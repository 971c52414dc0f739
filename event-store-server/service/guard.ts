/** Checks users and access lists before a call reaches the log. */
import type { Metadata } from '@grpc/grpc-js';
import { readRecordedEvent } from '../../event-store/wire/recorded-event.ts';
import type { Log } from '../storage/open-log.ts';
import { describedStream, isMetadataStream } from '../storage/stream-limits.ts';
import { ACCESS_DENIED, UNAUTHENTICATED, type Refusal } from './refusal.ts';
import { aclOfMetadata, isAllowed, readDefaultAcls, type Action, type DefaultAcls } from '../access/acl.ts';
import { ANONYMOUS, openIdentification, SYSTEM, type Caller, type User } from '../access/users.ts';

export interface AccessRules {
  /** Null when the store requires no user. Then everybody who can connect may do everything. */
  readonly users: readonly User[] | null;
  /**
   * The secret that callers put in the name of their connection (`connectionName=`). Null when the store requires
   * none.
   */
  readonly secret: string | null;
  /** Nobody may delete a stream with one of these prefixes, or write its metadata. */
  readonly keptPrefixes: readonly string[];
}

export const OPEN_TO_ALL: AccessRules = { users: null, secret: null, keptPrefixes: [] };

/** Refuses the actions that one caller may not perform. */
export interface Guard {
  /**
   * Returns the reason to refuse a call; null when the user may make it.
   * @param stream null for `$all`
   */
  readonly refusalOf: (verb: 'read' | 'write' | 'delete', stream: Buffer | null) => Refusal | null;
}

/** Returns the guard for the sender of a call, or the refusal of that sender. */
export type Admit = (headers: Metadata) => Guard | Refusal;

const DOLLAR = 0x24;
const ALL = Buffer.from('$all');
const SETTINGS = Buffer.from('$settings');

/**
 * The action that a call performs on a stream, or on the stream that a metadata stream describes. Null when nobody
 * may perform the call.
 */
function actionOn(verb: 'read' | 'write' | 'delete', isMetadata: boolean): Action | null {
  if (!isMetadata) return verb;
  return { read: 'metadataRead' as const, write: 'metadataWrite' as const, delete: null }[verb];
}

/** Keeps the default lists of `$settings`, and reads them again after a newer event. */
function openDefaultAcls({ index, openReader }: Log): () => DefaultAcls {
  const reader = openReader();
  let readFrom = -1;
  let defaults = readDefaultAcls(null);
  return () => {
    const stream = index.streams.find(SETTINGS);
    const events = stream < 0 ? 0 : index.eventsOf(stream);
    if (events === 0) return defaults;
    const newest = index.ordinalOf(stream, events - 1);
    if (index.isGone(newest)) return defaults;
    if (newest !== readFrom) defaults = readDefaultAcls(readRecordedEvent(reader.event(newest)).content);
    readFrom = newest;
    return defaults;
  };
}

export function openAdmission(log: Log, rules: AccessRules): Admit {
  const identify = openIdentification(rules.users, rules.secret);
  const defaultAcls = openDefaultAcls(log);
  const kept = rules.keptPrefixes.map((prefix) => Buffer.from(prefix));
  const isKept = (stream: Buffer): boolean =>
    kept.some((prefix) => stream.subarray(0, prefix.length).equals(prefix));

  const isDenied = (caller: Caller, verb: 'read' | 'write' | 'delete', named: Buffer): boolean => {
    const isMetadata = isMetadataStream(named);
    const stream = isMetadata ? describedStream(named) : named;
    const action = actionOn(verb, isMetadata);
    if ((action === 'delete' || action === 'metadataWrite') && isKept(stream)) return true;
    if (rules.users === null) return false;
    if (action === null || caller === ANONYMOUS) return true;
    if (stream.equals(ALL) && (action === 'write' || action === 'delete')) return true;
    if (caller === SYSTEM) return false;
    const acl = aclOfMetadata(log.view.metadataOf(stream));
    return !isAllowed(caller, action, { isSystemStream: stream[0] === DOLLAR, acl }, defaultAcls());
  };

  return (headers) => {
    const caller = identify(headers);
    if (caller === null) return UNAUTHENTICATED;
    return {
      refusalOf: (verb, stream) => (isDenied(caller, verb, stream ?? ALL) ? ACCESS_DENIED : null),
    };
  };
}
