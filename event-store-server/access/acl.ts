/**
 * Decides which actions a caller may perform on a stream, by EventStoreDB's rules. The first list that names the
 * action decides: the `$acl` of the stream's metadata, then the default lists of the stream `$settings`. Without
 * these lists, everybody may use ordinary streams, and only `$admins` may use system streams. The function is pure.
 */
import { ADMINS, EVERYBODY, type Caller } from './users.ts';

export type Action = 'read' | 'write' | 'delete' | 'metadataRead' | 'metadataWrite';

/** Roles (names of users or groups) by action. For an action without an entry, the next list decides. */
export type Acl = Readonly<Partial<Record<Action, readonly string[]>>>;

/** The default lists: one for ordinary streams, one for streams whose name begins with `$`. */
export interface DefaultAcls {
  readonly userStreams: Acl | null;
  readonly systemStreams: Acl | null;
}

const KEYS: Readonly<Record<Action, string>> = {
  read: '$r',
  write: '$w',
  delete: '$d',
  metadataRead: '$mr',
  metadataWrite: '$mw',
};

const asObject = (value: unknown): Readonly<Record<string, unknown>> | null =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;

function readObject(content: Buffer | null): Readonly<Record<string, unknown>> {
  if (content === null) return {};
  try {
    return asObject(JSON.parse(content.toString('utf8'))) ?? {};
  } catch {
    // Content that is not JSON grants and forbids nothing, as in EventStoreDB.
    return {};
  }
}

function rolesOf(value: unknown): readonly string[] | undefined {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.filter((role): role is string => typeof role === 'string') : undefined;
}

function readAcl(value: unknown): Acl | null {
  const lists = asObject(value);
  if (lists === null) return null;
  const actions = Object.keys(KEYS) as Action[];
  return Object.fromEntries(
    actions.flatMap((action) => {
      const roles = rolesOf(lists[KEYS[action]]);
      return roles === undefined ? [] : [[action, roles]];
    }),
  );
}

/**
 * Reads the `$acl` from the content of a metadata event.
 * @returns null when the stream has none
 */
export const aclOfMetadata = (content: Buffer | null): Acl | null => readAcl(readObject(content).$acl);

/**
 * Reads the default lists from the content of the newest event of `$settings`.
 * @param content null when there is no such event
 */
export function readDefaultAcls(content: Buffer | null): DefaultAcls {
  const settings = readObject(content);
  return {
    userStreams: readAcl(settings.$userStreamAcl),
    systemStreams: readAcl(settings.$systemStreamAcl),
  };
}

export const isAdmin = ({ name, groups }: Caller): boolean => name === 'admin' || groups.includes(ADMINS);

/** The roles that may perform `action`: the first list that names the action decides. */
function rolesFor(
  action: Action,
  isSystemStream: boolean,
  acl: Acl | null,
  defaults: DefaultAcls,
): readonly string[] {
  const given = isSystemStream ? defaults.systemStreams : defaults.userStreams;
  return acl?.[action] ?? given?.[action] ?? [isSystemStream ? ADMINS : EVERYBODY];
}

/** True when a caller with accepted credentials may perform `action` on the stream. */
export function isAllowed(
  caller: Caller,
  action: Action,
  stream: { readonly isSystemStream: boolean; readonly acl: Acl | null },
  defaults: DefaultAcls,
): boolean {
  if (isAdmin(caller)) return true;
  const roles = rolesFor(action, stream.isSystemStream, stream.acl, defaults);
  return roles.some((role) => role === EVERYBODY || role === caller.name || caller.groups.includes(role));
}
