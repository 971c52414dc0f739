/** Asks users and access lists before a call touches the log. */
import type { Metadata } from '@grpc/grpc-js';
import { readRecordedEvent } from '../../event-store/wire/recorded-event.ts';
import type { Log } from '../storage/open-log.ts';
import { describedStream, isMetadataStream } from '../storage/stream-limits.ts';
import { ACCESS_DENIED, UNAUTHENTICATED, type Refusal } from './refusal.ts';
import { aclOfMetadata, isAllowed, readDefaultAcls, type Action, type DefaultAcls } from '../access/acl.ts';
import { ANONYMOUS, openIdentification, SYSTEM, type Caller, type User } from '../access/users.ts';

export interface AccessRules {
  /** null: no user is required, and whoever reaches the store may do everything. */
  readonly users: readonly User[] | null;
  /** What callers put in the name of their connection (`connectionName=`); null: nothing. */
  readonly secret: string | null;
  /** Streams with one of these prefixes are deleted by nobody, and their metadata is written by nobody. */
  readonly keptPrefixes: readonly string[];
}

export const OPEN_TO_ALL: AccessRules = { users: null, secret: null, keptPrefixes: [] };

/** What one caller may not do. */
export interface Guard {
  /** @param stream null for `$all` */
  readonly refusalOf: (verb: 'read' | 'write' | 'delete', stream: Buffer | null) => Refusal | null;
}

/** Answers the guard of a call's sender, or why the sender is refused altogether. */
export type Admit = (headers: Metadata) => Guard | Refusal;

const DOLLAR = 0x24;
const ALL = Buffer.from('$all');
const SETTINGS = Buffer.from('$settings');

/** The action on the stream itself that a call on it, or on its metadata stream, comes to; null: there is none. */
function actionOn(verb: 'read' | 'write' | 'delete', isMetadata: boolean): Action | null {
  if (!isMetadata) return verb;
  return { read: 'metadataRead' as const, write: 'metadataWrite' as const, delete: null }[verb];
}

/** The default lists of `$settings`, read again when it has a newer event. */
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
