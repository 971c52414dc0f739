import dgram from 'node:dgram';
import dns from 'node:dns';
import { builtinModules, syncBuiltinESMExports } from 'node:module';
import net from 'node:net';

/**
 * Modules of Node that can reach a network, start a program or a thread, or open a port. Internal modules such as
 * `_http_client` count too.
 */
const REACHING =
  /^(node:)?(net|dgram|dns|dns\/promises|inspector|child_process|cluster|worker_threads|_?tls.*|_?http.*)$/;
/** Classes whose objects reach a network, even when another module creates the objects. */
const PROTOTYPES: readonly object[] = [
  net.Socket.prototype,
  net.Server.prototype,
  dgram.Socket.prototype,
  dns.Resolver.prototype,
  dns.promises.Resolver.prototype,
];
/** The names of the methods of these classes that use a network. */
const REACHES = /^(connect|listen|bind|send|resolve|reverse|query|setServers)/;
const GLOBALS = ['fetch', 'WebSocket', 'EventSource'];

/**
 * Takes the network away from this process, because Node 24's permission model has no rule for it. The permission
 * model already denies threads, programs, add-ons and Node's inner bindings. Every other way to a network uses the
 * modules that this function closes.
 */
export function closeNetwork(): void {
  // All modules are loaded before the first module is closed, because some modules use other modules while they load.
  const modules = builtinModules
    .filter((name) => REACHING.test(name))
    .map((name) => process.getBuiltinModule(name) as object);
  for (const prototype of PROTOTYPES) close(prototype, REACHES);
  for (const module of [...modules, dns.promises]) close(module, /./);
  for (const name of GLOBALS) Reflect.deleteProperty(globalThis, name);
  // Named imports of these modules now get the closed functions too.
  syncBuiltinESMExports();
}

function close(target: object, closed: RegExp): void {
  for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(target))) {
    if (typeof property.value !== 'function' || !closed.test(name)) continue;
    if (property.writable === true) (target as Record<string, unknown>)[name] = refuse;
    else if (property.configurable === true) Object.defineProperty(target, name, { value: refuse });
  }
}

function refuse(): never {
  throw new Error('a converter has no network');
}
