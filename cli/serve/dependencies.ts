import { resolve } from 'node:path';
import { get } from 'node:http';
import { get as tlsGet } from 'node:https';
import { watchDependency, type DependencyWatch } from '../../runtime/dependency-watch.ts';
import type { Readiness, Service, WaitingFor } from '../../runtime/service.ts';
import type { Settings } from '../../schemas/settings/config.ts';
import type { Parts } from './parts.ts';
import type { ServiceName } from './services.ts';

type DependencyName = 'event store' | 'Postgres' | 'Postgres for writing' | 'blob store' | 'gateway';

/** The dependencies that each service needs. */
const NEEDED: Readonly<Record<ServiceName, readonly DependencyName[]>> = {
  'command-api': ['event store', 'blob store'],
  processor: ['event store', 'Postgres for writing', 'blob store', 'gateway'],
  projector: ['event store', 'Postgres for writing'],
  sealer: ['event store', 'Postgres for writing', 'blob store'],
  'query-api': ['event store', 'Postgres', 'blob store'],
};

/** No blob has a key with this prefix, so a list of these keys takes little time. */
const PROBED_PREFIX = 'probed/';

/** Watches the dependencies of all services of this process, each once, in the background. */
export function watchDependencies(parts: Parts) {
  const watches = new Map<DependencyName, DependencyWatch>();
  const watch = (name: DependencyName): DependencyWatch => {
    const running = watches.get(name) ?? watchDependency(dependency(name, parts), parts.logger);
    watches.set(name, running);
    return running;
  };
  return {
    /** The service with a readiness that also covers its dependencies. */
    watched: (name: ServiceName, service: Service) => {
      const needed = NEEDED[name].map(watch);
      return { ...service, readiness: () => joined(service.readiness(), needed) };
    },
    /** Resolves when the result of `readiness` is recent; see `DependencyWatch`. */
    fresh: async () => {
      await Promise.all([...watches.values()].map((each) => each.fresh()));
    },
    stop: () => {
      for (const each of watches.values()) each.stop();
    },
  };
}
function joined(own: Readiness, needed: readonly DependencyWatch[]): Readiness {
  const missing = needed.map((each) => each.waitingFor()).filter((each) => each !== null);
  const names = new Set(missing.map(({ dependency }) => dependency));
  // The entry of the watch has the address and the reason, so the service's own entry for the same dependency is left
  // out.
  const rest = own.waitingFor.filter(({ dependency }: WaitingFor) => !names.has(dependency));
  return { ready: own.ready && missing.length === 0, waitingFor: [...missing, ...rest] };
}

function dependency(name: DependencyName, parts: Parts) {
  const { settings } = parts;
  switch (name) {
    case 'event store':
      return { name, at: parts.log().address, probe: () => parts.log().probe() };
    case 'Postgres':
      return { name, at: parts.store().address, probe: () => parts.store().probe('reading') };
    case 'Postgres for writing':
      return { name: 'Postgres', at: parts.store().address, probe: () => parts.store().probe('writing') };
    case 'gateway':
      return {
        name,
        at: new URL(settings.GATEWAY_URL ?? '').origin,
        probe: gatewayProbe(settings.GATEWAY_URL ?? ''),
      };
    case 'blob store':
      return { name, at: blobAddress(settings), probe: () => probeBlobs(parts) };
  }
}

async function probeBlobs(parts: Parts): Promise<void> {
  const blobs = await parts.blobs();
  for await (const listing of blobs.list(PROBED_PREFIX)) return void listing;
}

function blobAddress(settings: Settings): string {
  if (settings.BLOB_STORE === 'filesystem') return settings.BLOB_DIR ?? resolve(settings.DATA_DIR, 'blobs');
  return `${settings.S3_ENDPOINT ?? 'S3 of AWS'}, bucket ${settings.S3_BUCKET ?? ''}`;
}

/** Longest wait for an answer to `GET /health`. */
const ANSWER_MS_MAX = 2_000;

/** Returns a probe that resolves when `GET /health` of a gateway answers 200, and rejects with the reason otherwise. */
function gatewayProbe(gatewayUrl: string): () => Promise<void> {
  const base = new URL(gatewayUrl);
  const address = new URL(`${base.pathname.replace(/\/$/, '')}/health`, base);
  const send = base.protocol === 'https:' ? tlsGet : get;
  return () =>
    new Promise<void>((done, reject) => {
      const asking = send(
        address,
        { agent: false, signal: AbortSignal.timeout(ANSWER_MS_MAX) },
        (response) => {
          response.once('error', reject);
          response.resume().once('end', () => {
            if (response.statusCode === 200) done();
            else reject(new Error(`It answers ${response.statusCode ?? 0} to GET /health.`));
          });
        },
      );
      asking.on('error', (error: NodeJS.ErrnoException) => reject(inWords(error, base.host)));
    });
}

function inWords(error: NodeJS.ErrnoException, host: string): Error {
  switch (error.code) {
    case 'ECONNREFUSED':
      return new Error(`Nobody listens at ${host}.`, { cause: error });
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new Error(`The name in ${host} is not known.`, { cause: error });
    case 'ABORT_ERR':
      return new Error(`It has not answered for ${ANSWER_MS_MAX / 1000} s.`, { cause: error });
    default:
      return error;
  }
}
