import { setGlobalProxyFromEnv } from 'node:http';
import { givenSetting } from '../runtime/settings/settings.ts';

type Environment = Record<string, string | undefined>;

/** This machine, in every form that a client compares: gRPC uses IPv6 without brackets, `fetch` with them. */
const THIS_MACHINE = ['localhost', '127.0.0.1', '::1', '[::1]'];
/** Settings that name a server of this installation. */
const SERVERS = ['EVENTSTORE_URL', 'GATEWAY_URL', 'S3_ENDPOINT'];
/** The variables that send calls through a proxy. Every client reads their lower-case form. */
const PROXIES = ['http_proxy', 'https_proxy', 'grpc_proxy'];

/**
 * Removes the influence of the shell that starts Docket. Runs once, before anything else in a process:
 *
 * - Calls to this machine never go through a proxy. Neither do calls to a server whose name has no dot, because it is
 *   on the same network.
 * - Other calls go through the proxy that `http_proxy`, `https_proxy` or `grpc_proxy` names, in capitals or small
 *   letters. Calls to the hosts in `no_proxy` go direct.
 * - Variables that Postgres' programs and client read (`PGHOST`, `PGSSLMODE` and the like) are kept for a server that
 *   `DATABASE_URL` names, and do not reach the embedded server.
 *
 * @param environment changed in place; child processes inherit it
 * @returns facts that a person should know, one sentence each
 */
export function shieldFromShell(environment: Environment): string[] {
  for (const name of Object.keys(environment))
    if (
      name === 'NODE_PG_FORCE_NATIVE' ||
      (/^PG[A-Z]/.test(name) && givenSetting('DATABASE_URL', environment) === undefined)
    )
      delete environment[name];

  return [...settleProxies(environment)];
}

function* settleProxies(environment: Environment): Iterable<string> {
  for (const name of PROXIES) {
    const { key, value } = given(environment, name) ?? fallback(environment, name) ?? {};
    if (key === undefined || value === undefined) continue;
    if (/^https?:\/\//i.test(value) && URL.canParse(value)) set(environment, name, value);
    else {
      set(environment, name, undefined);
      yield `the proxy in ${key} is not used: it is no address that begins with http:// or https://.`;
    }
  }
  const except = (given(environment, 'no_proxy')?.value ?? '').split(/[\s,]+/).filter((host) => host !== '');
  if (except.includes('*')) for (const name of PROXIES) set(environment, name, undefined);
  if (PROXIES.every((name) => !environment[name])) return;
  const direct = [...THIS_MACHINE, ...namesOnThisNetwork(environment)];
  set(environment, 'no_proxy', [...new Set([...except, ...direct])].join(','));
  const exceptForGrpc = given(environment, 'no_grpc_proxy')?.value;
  if (exceptForGrpc !== undefined)
    set(environment, 'no_grpc_proxy', [...new Set([...exceptForGrpc.split(/[\s,]+/), ...direct])].join(','));
  // `fetch` and `node:http` read the environment at the start of the process, and only if NODE_USE_ENV_PROXY was set.
  setGlobalProxyFromEnv(environment);
}

interface Given {
  readonly key: string;
  readonly value: string;
}

/** The variable in lower case, which most clients prefer, or else in upper case. */
function given(environment: Environment, name: string): Given | null {
  for (const key of [name, name.toUpperCase()]) {
    const value = environment[key];
    if (value) return { key, value };
  }
  return null;
}

/** `all_proxy` stands for the other variables. It often names a SOCKS proxy, which no client of Docket supports. */
function fallback(environment: Environment, name: string): Given | null {
  const all = name === 'grpc_proxy' ? null : given(environment, 'all_proxy');
  return all !== null && /^https?:/i.test(all.value) ? all : null;
}

function set(environment: Environment, name: string, value: string | undefined): void {
  for (const key of [name, name.toUpperCase()])
    if (value === undefined) delete environment[key];
    else environment[key] = value;
}

function namesOnThisNetwork(environment: Environment): string[] {
  const hosts = SERVERS.flatMap((name) =>
    (environment[name] ?? '')
      .replace(/^[a-z0-9+]+:\/\/([^@/]*@)?/i, '')
      .split(/[/?]/, 1)[0]!
      .split(','),
  );
  return hosts.map((host) => host.replace(/:\d+$/, '')).filter((host) => /^[A-Za-z0-9_-]+$/.test(host));
}
