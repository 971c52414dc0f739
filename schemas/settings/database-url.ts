/** Characters that must be percent-encoded in a user name or password. */
const RESERVED = '/ as %2F, # as %23, ? as %3F, @ as %40, % as %25';

/**
 * Returns a sentence about the fault of a connection string of Postgres, or null. It refuses a string that the driver
 * would misread. No sentence contains the password.
 */
export function faultOfDatabaseUrl(text: string): string | null {
  const scheme = /^(postgres|postgresql):\/\//i.exec(text);
  if (!scheme)
    return 'must begin with postgres:// or postgresql://; libpq’s form (host=... user=...) is not taken';
  const rest = text.slice(scheme[0].length);
  const end = rest.search(/[/?#]/);
  const authority = end === -1 ? rest : rest.slice(0, end);
  const afterwards = end === -1 ? '' : rest.slice(end);
  if (!authority.includes('@') && afterwards.split('?')[0]!.includes('@'))
    return `has a user or password with a character that must be escaped: ${RESERVED}`;
  const [login = '', host] = authority.includes('@') ? splitAtLast(authority) : ['', authority];
  if (host.includes(',')) return 'names several hosts; name one, or the address of a proxy before them';
  if (!isUrl(`postgres://${login}@${host || 'localhost'}${afterwards}`))
    return `has a host or port that cannot be read, or a user or password with a character that must be escaped: ${RESERVED}`;
  if (!isDecodable(login)) return `has a user or password with a lone percent sign: ${RESERVED}`;
  return null;
}

function splitAtLast(authority: string): [string, string] {
  const at = authority.lastIndexOf('@');
  return [authority.slice(0, at), authority.slice(at + 1)];
}

function isUrl(text: string): boolean {
  return URL.canParse(text);
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    // The text contains a malformed percent escape.
    return false;
  }
}
