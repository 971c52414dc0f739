/** The parts of an EventStoreDB connection string that Docket needs. */
export interface EventStoreUrl {
  /**
   * The connection string for the client, without the options that Docket itself decides, and with the limits that
   * Docket needs.
   */
  readonly forClient: string;
  /** The connection string for only the first server, without a search for the leader. */
  readonly firstHostForClient: string;
  /** The only server, for a transport that does not search for a leader; null for a cluster. Never print it. */
  readonly server: NamedServer | null;
  /**
   * The first server of the connection string. It is used for requests that each node answers by itself. Never print
   * it, because it may hold a password.
   */
  readonly firstServer: NamedServer;
  /** The servers without user and options, safe to print. */
  readonly address: string;
  readonly isCluster: boolean;
  readonly isSecure: boolean;
  readonly username: string | null;
  /** User and password, decoded. Never print them. */
  readonly login: Login | null;
  /** The file of the authority that signed the server's certificate, or null. */
  readonly caFile: string | null;
  /** Sentences about options that work but are probably a mistake. */
  readonly remarks: readonly string[];
}

export interface Login {
  readonly username: string;
  readonly password: string;
}

/** One server, and the parameters of the connection to it. */
export interface NamedServer {
  /** The address as `host:port`. */
  readonly target: string;
  readonly isSecure: boolean;
  /** The user and password; null without a user. They are sent only over TLS. */
  readonly login: Login | null;
  readonly connectionName: string | null;
  readonly caFile: string | null;
  /** Certificate and key of this client, or null. */
  readonly ownFiles: { readonly certificate: string; readonly key: string } | null;
  /** After this time without traffic the transport checks the connection. Null means never. */
  readonly keepAliveMs: number | null;
  /** Longest wait for the answer to the check of the connection. */
  readonly keepAliveTimeoutMs: number | null;
}

const SCHEMES = ['esdb', 'esdb+discover'];
const DEFAULT_PORT = 2113;
/**
 * The limit in seconds, which is the client's unit. With it, a node that hangs does not delay the search for the
 * leader (D57).
 */
const GOSSIP_TIMEOUT_SEC = 1;
/** The default of the client. */
const KEEP_ALIVE_MS = 10_000;
const ENDS_AT_HOSTS = /[/?]/;

type Check = (value: string) => string | null;

const wholeNumber: Check = (value) => (/^\d+$/.test(value) ? null : 'is a whole number');
const keepAlive: Check = (value) =>
  value === '-1' || /^\d+$/.test(value) ? null : 'is a number of ms, or -1 for none';
const flag: Check = (value) => (value === 'true' || value === 'false' ? null : 'is true or false');
const anything: Check = () => null;

/** The options of the client, with lower-case names as the client compares them. */
const OPTIONS: Readonly<Record<string, { readonly name: string; readonly check: Check }>> = {
  tls: { name: 'tls', check: flag },
  tlscafile: { name: 'tlsCAFile', check: anything },
  usercertfile: { name: 'userCertFile', check: anything },
  userkeyfile: { name: 'userKeyFile', check: anything },
  connectionname: { name: 'connectionName', check: anything },
  maxdiscoverattempts: { name: 'maxDiscoverAttempts', check: wholeNumber },
  discoveryinterval: { name: 'discoveryInterval', check: wholeNumber },
  gossiptimeout: { name: 'gossipTimeout', check: wholeNumber },
  defaultdeadline: { name: 'defaultDeadline', check: wholeNumber },
  keepaliveinterval: { name: 'keepAliveInterval', check: keepAlive },
  keepalivetimeout: { name: 'keepAliveTimeout', check: keepAlive },
  // Docket always sets this option to true, because a refused append must never look like a written append.
  throwonappendfailure: { name: 'throwOnAppendFailure', check: flag },
  tlsverifycert: {
    name: 'tlsVerifyCert',
    check: (value) =>
      value === 'true' ? null : 'cannot be switched off: name the authority of the certificate by tlsCAFile',
  },
  nodepreference: {
    name: 'nodePreference',
    check: (value) =>
      value.toLowerCase() === 'leader'
        ? null
        : 'must be leader: other nodes may lag behind, and Docket decides from what it reads',
  },
};

/**
 * Reads a connection string and names all its faults, one sentence each and without the password. It refuses parts
 * that the client would misread without an error: options that the client does not know, and characters that end a
 * password too early.
 */
export function readEventStoreUrl(
  text: string,
): { readonly url: EventStoreUrl } | { readonly faults: readonly string[] } {
  const scheme = /^([a-z+]+):\/\//i.exec(text.trim());
  if (!scheme || !SCHEMES.includes(scheme[1]!))
    return { faults: ['must begin with esdb:// or esdb+discover://, as in esdb://127.0.0.1:2113?tls=false'] };
  const rest = text.trim().slice(scheme[0].length);
  const { login, places, query } = partsOf(rest);
  // Here an @ means that the password contains a plain ?. The client would read this password as a host and print it.
  if (query.includes('@')) return { faults: ['must spell ? and @ in user and password as %3F and %40'] };
  const faults: string[] = [];
  const username = readLogin(login, faults);
  const hosts = readHosts(places, faults);
  const options = readOptions(query, faults);
  if (scheme[1] === 'esdb+discover' && hosts.length > 1)
    faults.push('esdb+discover:// takes one host name; several are written esdb://one:2113,two:2113');
  if (options.has('userCertFile') !== options.has('userKeyFile'))
    faults.push('userCertFile and userKeyFile go together');
  if (faults.length > 0) return { faults };
  const isSecure = options.get('tls') !== 'false';
  const isCluster = hosts.length > 1 || scheme[1] === 'esdb+discover';
  const given = new Map([['gossipTimeout', String(GOSSIP_TIMEOUT_SEC)], ...options]);
  given.delete('throwOnAppendFailure');
  const caFile = options.get('tlsCAFile');
  const firstServer = serverOf(hosts[0] ?? '', login, options);
  const credentials = login === null ? '' : `${login}@`;
  return {
    url: {
      forClient: `${scheme[0]}${credentials}${hosts.join(',')}?${written(given)}`,
      firstHostForClient: `esdb://${credentials}${hosts[0]}?${written(given)}`,
      address: `${scheme[0]}${hosts.join(',')}`,
      firstServer,
      server: isCluster ? null : firstServer,
      isCluster,
      isSecure,
      username,
      login: loginOf(login),
      caFile: caFile === undefined ? null : decodeURIComponent(caFile),
      remarks: remarksOn(isSecure, username),
    },
  };
}

function serverOf(target: string, login: string | null, options: ReadonlyMap<string, string>): NamedServer {
  const textOf = (name: string): string | null => {
    const text = options.get(name);
    return text === undefined ? null : decodeURIComponent(text);
  };
  const certificate = textOf('userCertFile');
  const key = textOf('userKeyFile');
  const msOf = (name: string): number | null => {
    const ms = Number(options.get(name) ?? KEEP_ALIVE_MS);
    return ms < 0 ? null : ms;
  };
  return {
    target,
    isSecure: options.get('tls') !== 'false',
    login: loginOf(login),
    connectionName: textOf('connectionName'),
    caFile: textOf('tlsCAFile'),
    ownFiles: certificate === null || key === null ? null : { certificate, key },
    keepAliveMs: msOf('keepAliveInterval'),
    keepAliveTimeoutMs: msOf('keepAliveTimeout'),
  };
}

function loginOf(written: string | null): Login | null {
  if (written === null) return null;
  const [username = '', password = ''] = written.split(':').map(decodeURIComponent);
  return { username, password };
}

function remarksOn(isSecure: boolean, username: string | null): string[] {
  if (isSecure || username === null) return [];
  return [
    `EVENTSTORE_URL names the user "${username}" and switches TLS off: the client then sends no user and no password.`,
  ];
}

/**
 * Splits into `user:password@`, the hosts, and the text after the question mark. The last @ before the question mark
 * ends the password.
 */
function partsOf(rest: string): { login: string | null; places: string; query: string } {
  const question = rest.indexOf('?');
  const front = question < 0 ? rest : rest.slice(0, question);
  const query = question < 0 ? '' : rest.slice(question + 1);
  const at = front.lastIndexOf('@');
  const places = (at < 0 ? front : front.slice(at + 1)).replace(/\/+$/, '');
  return { login: at < 0 ? null : front.slice(0, at), places, query };
}

function readLogin(login: string | null, faults: string[]): string | null {
  if (login === null) return null;
  const [username = '', ...rest] = login.split(':');
  if (username === '' || rest.length === 0) faults.push('must name user and password as user:password@host');
  else if (rest.length > 1 || login.includes('@') || ENDS_AT_HOSTS.test(login))
    faults.push('must spell : @ / and ? in user and password as %3A %40 %2F and %3F');
  else if (!isDecodable(login)) faults.push('must spell % in user and password as %25');
  return isDecodable(username) ? decodeURIComponent(username) : null;
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function readHosts(places: string, faults: string[]): string[] {
  if (places === '') {
    faults.push('must name a host, as in esdb://127.0.0.1:2113');
    return [];
  }
  return places.split(',').map((place) => {
    const found = /^([A-Za-z0-9._-]+)(?::(\d{1,5}))?$/.exec(place);
    const port = Number(found?.[2] ?? DEFAULT_PORT);
    if (!found || port < 1 || port > 65_535)
      faults.push(`has a host that cannot be used: "${place}"; write host:port, several with commas between`);
    return `${found?.[1] ?? place}:${port}`;
  });
}

function readOptions(query: string, faults: string[]): Map<string, string> {
  const options = new Map<string, string>();
  for (const pair of query.split('&')) {
    if (pair === '') continue;
    const [key = '', ...values] = pair.split('=');
    const value = values.join('=').trim();
    const known = OPTIONS[key.trim().toLowerCase().replaceAll(/[_-]/g, '')];
    if (!known)
      faults.push(
        `has an option that the client does not know: "${key}"; it knows ${Object.values(OPTIONS)
          .map(({ name }) => name)
          .join(', ')}`,
      );
    else if (value === '' || !isDecodable(value)) faults.push(`has no usable value for ${known.name}`);
    else {
      const fault = known.check(value);
      if (fault !== null) faults.push(`${known.name} ${fault}`);
      options.set(known.name, value);
    }
  }
  return options;
}

function written(options: ReadonlyMap<string, string>): string {
  return [...options].map(([name, value]) => `${name}=${value}`).join('&');
}
