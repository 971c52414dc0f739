import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { GatewayLog } from '../log/gateway-log.ts';
import { contentHash } from './content-hash.ts';
import { mappingFilesIn } from './mapping-files.ts';
import { MappingInvalid } from './mapping-invalid.ts';
import type { Mapping } from './mapping-schema.ts';
import { readOwnMappings } from './own-mappings.ts';
import { loadMappings, registryOf, shippedMappingFiles, type MappingRegistry } from './registry.ts';

/** The interval at which the gateway reads the operator's folder. A change takes effect after the next reading. */
const LOOK_MS = 2_000;

/** A file that is not used, and the reason. */
export interface RefusedMapping {
  readonly file: string;
  readonly reason: string;
}

/** The mappings of a running gateway, which follow the operator's folder. */
export interface LiveMappings {
  registry(): MappingRegistry;
  /** Files with a fault. The last good version of each such mapping stays in use. */
  refused(): readonly RefusedMapping[];
  close(): void;
}

/**
 * Loads the mappings, then follows changes of the operator's folder. A file with a fault does not replace its last good
 * version.
 * @param options.onChange receives the operator's mappings whenever they have changed
 * @throws MappingInvalid when a mapping is not valid at the start; a later edit with a fault is not used
 */
export function openMappings(options: {
  readonly folder: string | undefined;
  readonly log: GatewayLog;
  readonly onChange: (own: readonly Mapping[]) => void;
}): LiveMappings {
  const { folder, log, onChange } = options;
  let registry = loadMappings(folder);
  let refused: readonly RefusedMapping[] = [];
  if (folder === undefined)
    return { registry: () => registry, refused: () => refused, close: () => undefined };
  let seen: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const look = async (): Promise<void> => {
    try {
      const now = await fingerprintOf(folder);
      // Files may have changed between the load and the first fingerprint.
      if (now !== seen) takeUp(folder);
      seen = now;
    } catch (error) {
      tell([{ file: folder, reason: error instanceof Error ? error.message : String(error) }]);
      seen = undefined;
    }
    if (!closed) timer = setTimeout(() => void look(), LOOK_MS).unref();
  };

  function takeUp(from: string): void {
    const before = registry.own();
    const { mappings, faults } = readOwnMappings(from, shippedMappingFiles());
    const faulty = faults.map(refusalOf);
    const kept = before.filter(
      ({ id }) =>
        faulty.some(({ file }) => file === `${id}.json`) && !mappings.some((mapping) => mapping.id === id),
    );
    tell(faulty);
    const now = [...mappings, ...kept];
    if (isSame(before, now)) return;
    registry = registryOf(now);
    logChanges(before, now, log);
    onChange(now);
  }

  function tell(now: readonly RefusedMapping[]): void {
    for (const { file, reason } of now)
      if (!refused.some((known) => known.file === file && known.reason === reason))
        log.warn({ file, reason }, 'a mapping is not used; its last good version stays');
    refused = now;
  }

  void look();
  return {
    registry: () => registry,
    refused: () => refused,
    close: () => {
      closed = true;
      clearTimeout(timer);
    },
  };
}

/** Returns a text that changes with the files of the folder. A new file with the same name has another inode. */
async function fingerprintOf(folder: string): Promise<string> {
  const files = mappingFilesIn(folder);
  const stats = await Promise.all(files.map((file) => stat(join(folder, file), { bigint: true })));
  return stats
    .map(({ ino, size, mtimeNs, ctimeNs }, i) => [files[i], ino, size, mtimeNs, ctimeNs].join(' '))
    .join('\n');
}

function refusalOf(fault: MappingInvalid): RefusedMapping {
  const [file = fault.path] = fault.path.split('#');
  return { file, reason: fault.message };
}

function isSame(before: readonly Mapping[], now: readonly Mapping[]): boolean {
  const hashes = (mappings: readonly Mapping[]): string => mappings.map(contentHash).sort().join(' ');
  return hashes(before) === hashes(now);
}

function logChanges(before: readonly Mapping[], now: readonly Mapping[], log: GatewayLog): void {
  for (const mapping of now) {
    const { id, version } = mapping;
    const old = before.find((known) => known.id === id);
    const hash = contentHash(mapping);
    if (old && contentHash(old) === hash) continue;
    log.info({ mapping: id, version, contentHash: hash }, 'a mapping is used from now on');
    if (old?.version === version)
      log.warn(
        { mapping: id, version },
        'a mapping has changed under the same version; earlier results stay as they are',
      );
  }
  for (const { id } of before)
    if (!now.some((mapping) => mapping.id === id)) log.info({ mapping: id }, 'a mapping is gone');
}
