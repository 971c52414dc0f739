import { extendedMapping, type JsonObject } from './extend-mapping.ts';
import { mappingFilesIn, parseMapping, readMappingJson } from './mapping-files.ts';
import { MappingInvalid } from './mapping-invalid.ts';
import type { Mapping } from './mapping-schema.ts';

/** The most mappings in a chain in which each extends the next. */
const EXTENDS_DEPTH_MAX = 5;

/** The content of the operator's folder: the valid mappings, and the faults of the other files. */
export interface OwnMappings {
  readonly mappings: readonly Mapping[];
  readonly faults: readonly MappingInvalid[];
}

/**
 * Reads every mapping of the operator's folder. A fault in one file does not affect the other files.
 * @param shipped the files of the shipped mappings by id; an own mapping may extend them but not use their ids
 * @throws MappingInvalid when the folder itself cannot be read
 */
export function readOwnMappings(folder: string, shipped: ReadonlyMap<string, JsonObject>): OwnMappings {
  const faults: MappingInvalid[] = [];
  const attempt = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof MappingInvalid)) throw error;
      faults.push(error);
      return undefined;
    }
  };
  const files = new Map<string, JsonObject>();
  for (const file of mappingFilesIn(folder)) {
    const json = attempt(() => readMappingJson(folder, file));
    if (json) files.set(file.replace(/\.json$/, ''), json);
  }
  const mappings: Mapping[] = [];
  for (const [id, json] of files) {
    const mapping = attempt(() => ownMapping(id, json, { files, shipped }));
    if (mapping && attempt(() => refuseTakenSellers(mapping, mappings)) === true) mappings.push(mapping);
  }
  return { mappings, faults };
}

interface Sources {
  readonly files: ReadonlyMap<string, JsonObject>;
  readonly shipped: ReadonlyMap<string, JsonObject>;
}

function ownMapping(id: string, json: JsonObject, sources: Sources): Mapping {
  const file = `${id}.json`;
  if (sources.shipped.has(id)) throw new MappingInvalid(`${file}#/id`, `the id ${id} is already taken`);
  const mapping = parseMapping(whole(file, json, sources, []), file);
  if (mapping.default) throw new MappingInvalid(`${file}#/default`, 'only a shipped mapping is the default');
  return mapping;
}

/** Returns the JSON of a file, including everything that it takes over from other mappings. */
function whole(file: string, json: JsonObject, sources: Sources, trail: readonly string[]): JsonObject {
  const { extends: base } = json;
  if (base === undefined) return json;
  const at = `${file}#/extends`;
  if (typeof base !== 'string') throw new MappingInvalid(at, 'must be the id of a mapping');
  if (trail.includes(file)) throw new MappingInvalid(at, `${[...trail, file].join(' extends ')}: a circle`);
  if (trail.length >= EXTENDS_DEPTH_MAX)
    throw new MappingInvalid(at, `more than ${EXTENDS_DEPTH_MAX} mappings extend one another`);
  const found = sources.files.get(base) ?? sources.shipped.get(base);
  if (found === undefined) throw new MappingInvalid(at, `there is no mapping ${base}`);
  const taken = sources.shipped.has(base) ? found : whole(`${base}.json`, found, sources, [...trail, file]);
  return extendedMapping(taken, json);
}

/** Refuses a second mapping for the same seller, because nothing would decide between the two mappings. */
function refuseTakenSellers(mapping: Mapping, others: readonly Mapping[]): true {
  const sellers = sellersOf(mapping);
  for (const other of others) {
    const twice = sellersOf(other).find((number) => sellers.includes(number));
    if (twice !== undefined)
      throw new MappingInvalid(
        `${mapping.id}.json#/forSellers`,
        `the mapping ${other.id} is already for ${twice}`,
      );
  }
  return true;
}

function sellersOf(mapping: Mapping): readonly string[] {
  return mapping.reader === 'invoice' ? (mapping.forSellers ?? []) : [];
}
