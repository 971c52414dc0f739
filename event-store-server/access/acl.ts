/**
 * Who may do what with a stream, by EventStoreDB's rules: the `$acl` of the stream's metadata, else the default lists
 * of the stream `$settings`, else everybody for ordinary streams and `$admins` for system streams. Pure.
 */
import { ADMINS, EVERYBODY, type Caller } from './users.ts';

export type Action = 'read' | 'write' | 'delete' | 'metadataRead' | 'metadataWrite';

/** Roles (names of users or groups) by action; an action that is absent is decided by the next list. */
export type Acl = Readonly<Partial<Record<Action, readonly string[]>>>;

/** The default lists, of ordinary streams and of those whose name begins with `$`. */
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
    // What is not JSON grants and forbids nothing; EventStoreDB reads it the same way.
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

/** The `$acl` in the content of a metadata event (null: the stream has none). */
export const aclOfMetadata = (content: Buffer | null): Acl | null => readAcl(readObject(content).$acl);

/** The default lists in the content of the newest event of `$settings` (null: there is none). */
export function readDefaultAcls(content: Buffer | null): DefaultAcls {
  const settings = readObject(content);
  return {
    userStreams: readAcl(settings.$userStreamAcl),
    systemStreams: readAcl(settings.$systemStreamAcl),
  };
}

export const isAdmin = ({ name, groups }: Caller): boolean => name === 'admin' || groups.includes(ADMINS);

/** The roles that may do it: the first list that names the action decides. */
function rolesFor(
  action: Action,
  isSystemStream: boolean,
  acl: Acl | null,
  defaults: DefaultAcls,
): readonly string[] {
  const given = isSystemStream ? defaults.systemStreams : defaults.userStreams;
  return acl?.[action] ?? given?.[action] ?? [isSystemStream ? ADMINS : EVERYBODY];
}

/** True when a caller who has named himself may do it. */
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
