import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readComposeFile } from './compose-files.ts';
import type { Project } from './project.ts';

const LOOK = readFileSync(join(import.meta.dirname, 'look-for-secrets.cjs'), 'utf8');
const STORES = { eventstore: 2113, postgres: 5432, blobs: 8333 } as const;
/** Packets to a port of another network are dropped and not refused, so a time limit is needed. */
const CONNECT_MS_MAX = 2_000;
/** Shorter values than this are found by chance. */
const SECRET_CHARS_MIN = 16;

/** Returns the stores that the container of a service finds by name, or reaches by address; none for the gateway. */
export async function storesReachedFrom(project: Project, service: string): Promise<string[]> {
  const addresses: [string, number][] = [];
  for (const [name, port] of Object.entries(STORES)) {
    addresses.push([name, port]);
    for (const container of await project.containers(name)) {
      const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}';
      const known = await project.docker(['inspect', '--format', format, container]);
      for (const address of known.trim().split(' ')) addresses.push([address, port]);
    }
  }
  const script = `
    const { connect } = require('node:net');
    const tries = ${JSON.stringify(addresses)}.map(([host, port]) => new Promise((resolve) => {
      const socket = connect({ host, port });
      const end = (reached) => { socket.destroy(); resolve(reached ? [host + ':' + port] : []); };
      socket.setTimeout(${CONNECT_MS_MAX}, () => end(false));
      socket.once('connect', () => end(true));
      // A name that resolves, or a port that refuses, also shows a store.
      socket.once('error', (error) => end(error.code === 'ECONNREFUSED'));
    }));
    Promise.all(tries).then((reached) => console.log(JSON.stringify(reached.flat())));`;
  return JSON.parse(await project.compose(['exec', '-T', service, 'node', '-e', script])) as string[];
}

/**
 * Returns the secrets that a service's container shows although they are not its own: in the environment and
 * arguments of its processes, and in its files. Its own secrets may only be under /run/secrets.
 *
 * @param user `root` also sees things that no process of Docket can see
 */
export async function secretsShownTo(project: Project, service: string, user: string): Promise<string[]> {
  const own = readComposeFile('docker-compose.yml').services[service]?.secrets ?? [];
  const values = Object.entries(project.secrets()).filter(([, value]) => value.length >= SECRET_CHARS_MIN);
  const input = JSON.stringify(Object.fromEntries(values));
  const args = ['exec', '-T', '--user', user, service, 'node', '-e', LOOK];
  const found = JSON.parse(await project.compose(args, input)) as string[];
  const isOwnFile = (place: string): boolean =>
    own.some((name) => place.endsWith(` in /run/secrets/${name}`));
  // If the search does not find a known value, its other results prove nothing.
  if (!found.some(isOwnFile)) throw new Error(`the look misses the secrets that ${service} has`);
  return found.filter((place) => !isOwnFile(place));
}
