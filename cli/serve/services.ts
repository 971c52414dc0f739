import { readerOf } from '../../event-store/event-log.ts';
import type { Service } from '../../runtime/service.ts';
import type { Parts } from './parts.ts';

/**
 * The functions that build the services. The code of a service is loaded only when it is needed, so a command-api
 * never loads the projector.
 */
export const SERVICES = {
  'command-api': async (parts: Parts): Promise<Service> => {
    const { createCommandApi } = await import('../../command-api/service.ts');
    const blobs = await parts.blobs();
    const identity = await parts.identity();
    const mappings = parts.mappings();
    return createCommandApi({
      ...parts,
      blobs,
      identity,
      mappings,
      log: parts.log(),
      limits: parts.limits(),
    });
  },
  processor: async (parts: Parts): Promise<Service> => {
    const { startProcessor } = await import('../../processor/start-processor.ts');
    const blobs = await parts.blobs();
    return startProcessor({ ...parts, blobs, random: Math.random, log: parts.log(), store: parts.store() });
  },
  projector: async (parts: Parts): Promise<Service> => {
    const { startProjector } = await import('../../projector/start.ts');
    return startProjector({ ...parts, log: readerOf(parts.log()), store: parts.store() });
  },
  sealer: async (parts: Parts): Promise<Service> => {
    const { startSealer } = await import('../../audit/sealer.ts');
    const { loadSealKey } = await import('../../audit/seal-keys.ts');
    const { sealCopies } = await import('../../audit/seal-store.ts');
    const { settings } = parts;
    return startSealer({
      ...parts,
      log: parts.log(),
      store: parts.store(),
      copies: sealCopies(settings.DATA_DIR, await parts.blobs()),
      key: () => loadSealKey(settings),
      everyHours: settings.SEAL_EVERY_HOURS,
    });
  },
  'query-api': async (parts: Parts): Promise<Service> => {
    const { createQueryApi } = await import('../../query-api/service.ts');
    return createQueryApi({
      ...parts,
      blobs: await parts.blobs(),
      identity: await parts.identity(),
      secrets: await parts.secrets(),
      log: parts.log(),
      store: parts.store(),
      mappings: parts.mappings(),
      limits: parts.limits(),
    });
  },
} as const;

export type ServiceName = keyof typeof SERVICES;
