import { isIP } from 'node:net';
import type { Settings } from '../../schemas/settings/config.ts';
import { addressList } from './address-list.ts';

/** Passwords in this repository or in the manuals of the stores, which everybody knows (A-BF05). */
const KNOWN_PASSWORDS: ReadonlySet<string> = new Set([
  'docket-inside-this-network-only',
  'changeit',
  'postgres',
  'password',
  'docket',
  'admin',
  'minioadmin',
]);
/**
 * The least number of different characters in a key. A key with fewer is not random: of random keys with 32 hex
 * digits, only one in 100,000 has fewer than 9.
 */
const SECRET_CHARACTERS_MIN = 9;
const PRIVATE = addressList('loopback, uniquelocal, linklocal');
/**
 * Names that no public resolver knows: a single label, as for containers, and the names of RFC 6762, RFC 8375 and RFC
 * 9476.
 */
const PRIVATE_NAME = /^[^.]+$|\.(?:local|internal|home\.arpa|alt|localhost)$/i;

/** The faults that `NODE_ENV=production` refuses, one sentence each. */
export function productionFaults(settings: Settings): string[] {
  const faults: string[] = [];
  if (settings.SESSION_SECRET?.split(',').some(isWeak))
    faults.push(
      'SESSION_SECRET must be random in production, 32 characters or more: `openssl rand -hex 32` makes one',
    );
  if (settings.PUBLIC_URL && !isSafeAddress(settings.PUBLIC_URL))
    faults.push('PUBLIC_URL must begin with https:// in production, unless it is this machine');
  if (settings.OPS_ACCESS === 'open')
    faults.push('OPS_ACCESS must not be `open` in production; name the addresses of operators, or `off`');
  if (settings.LOG_LEVEL === 'trace') faults.push('LOG_LEVEL must not be below `debug` in production');
  for (const name of ['DATABASE_URL', 'ANALYTICS_DATABASE_URL', 'EVENTSTORE_URL'] as const) {
    const password = passwordOf(settings[name]);
    if (password !== null && KNOWN_PASSWORDS.has(password))
      faults.push(`${name} has a password that everybody knows; choose another one`);
  }
  if (settings.EVENTSTORE_URL && /[?&]tls=false\b/i.test(settings.EVENTSTORE_URL)) {
    const hosts = hostsOf(settings.EVENTSTORE_URL).filter((host) => !isPrivate(host));
    if (hosts.length > 0)
      faults.push(
        `EVENTSTORE_URL must not say tls=false in production: ${hosts.join(', ')} is no private host`,
      );
  }
  return faults;
}

/**
 * The faults that production refuses in a process for the public. It must have a secret for its sessions. Behind a
 * proxy that `TRUST_PROXY` does not name, everybody would be an operator. Only services with sessions call this
 * function, because other services do not get these settings.
 */
export function publicFaults(settings: Settings): string[] {
  if (settings.NODE_ENV !== 'production') return [];
  const faults: string[] = [];
  if (!settings.SESSION_SECRET)
    faults.push('SESSION_SECRET is required because NODE_ENV is production; set it, or unset NODE_ENV');
  if (settings.OPS_ACCESS === 'loopback' && !settings.PUBLIC_URL && !settings.TRUST_PROXY)
    faults.push('PUBLIC_URL or TRUST_PROXY is required in production while OPS_ACCESS is `loopback`');
  return faults;
}

function isWeak(secret: string): boolean {
  const trimmed = secret.trim();
  if (trimmed.length < 32 || new Set(trimmed).size < SECRET_CHARACTERS_MIN) return true;
  // A text made of repetitions occurs in its double earlier than at the start of the second copy.
  return (trimmed + trimmed).indexOf(trimmed, 1) < trimmed.length;
}

function isSafeAddress(publicUrl: string): boolean {
  const { protocol, hostname } = new URL(publicUrl);
  const isThisMachine = hostname === 'localhost' || addressList('loopback').has(hostname);
  return protocol === 'https:' || isThisMachine;
}

/**
 * The password of a connection string, decoded, or null. The connection string of a cluster is no URL, so the code
 * reads the text.
 */
function passwordOf(connectionString: string | undefined): string | null {
  const text = /^[^:]+:\/\/[^:@/]*:([^@/]*)@/.exec(connectionString ?? '')?.[1];
  if (text === undefined) return null;
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}

function hostsOf(connectionString: string): string[] {
  const authority = /^[^:]+:\/\/(?:[^@/]*@)?([^/?]*)/.exec(connectionString)?.[1] ?? '';
  return authority.split(',').map((host) => host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1'));
}

function isPrivate(host: string): boolean {
  return isIP(host) === 0 ? PRIVATE_NAME.test(host) : PRIVATE.has(host);
}
