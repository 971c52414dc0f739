import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { INVOICE_FORMATS, type GatewayMapping } from '../../schemas/protocols/gateway-protocol.ts';
import { contentHash } from './content-hash.ts';
import type { JsonObject } from './extend-mapping.ts';
import { mappingFilesIn, parseMapping, readMappingJson } from './mapping-files.ts';
import { MappingInvalid } from './mapping-invalid.ts';
import type { InvoiceMapping, Mapping } from './mapping-schema.ts';
import { readOwnMappings } from './own-mappings.ts';

/** The mappings that a gateway may use. A registry never changes: a changed folder gives a new registry. */
export interface MappingRegistry {
  get(id: string): Mapping | undefined;
  list(): readonly GatewayMapping[];
  /** The operator's own mappings. */
  own(): readonly Mapping[];
  /** Mappings for single sellers, by the seller's tax number. */
  forSellers(): ReadonlyMap<string, InvoiceMapping>;
}

/**
 * The mappings that come with Docket. A file without an entry in this list is refused, and so is an entry without its
 * file.
 */
export const SHIPPED_MAPPINGS = [
  'invoice_v1',
  'pt_simon_invoice_v1',
  'eu_invoice_v1',
  'einvoice_embedded_v1',
  'schedule_ics_v1',
  'text_layout_v1',
] as const;

/** The mapping for callers that name none. An operator cannot replace it. */
export const DEFAULT_MAPPING = 'pt_simon_invoice_v1';

const shippedFolder = join(dirname(dirname(fileURLToPath(import.meta.url))), 'mappings');

/** The files of the shipped mappings by id. */
let shippedFiles: ReadonlyMap<string, JsonObject> | undefined;

/**
 * Reads the files of the shipped mappings, by id.
 * @throws MappingInvalid when a file is missing or is not on the list
 */
export function shippedMappingFiles(): ReadonlyMap<string, JsonObject> {
  if (shippedFiles) return shippedFiles;
  const found = mappingFilesIn(shippedFolder);
  const missing = SHIPPED_MAPPINGS.find((id) => !found.includes(`${id}.json`));
  if (missing !== undefined) throw new MappingInvalid(`${missing}.json`, 'the mapping is missing');
  const stranger = found.find(
    (file) => !(SHIPPED_MAPPINGS as readonly string[]).includes(file.replace(/\.json$/, '')),
  );
  if (stranger !== undefined) throw new MappingInvalid(stranger, 'the mapping is not on the allow-list');
  shippedFiles = new Map(SHIPPED_MAPPINGS.map((id) => [id, readMappingJson(shippedFolder, `${id}.json`)]));
  return shippedFiles;
}

/**
 * Loads the shipped mappings, and every mapping of the operator's folder if it is given.
 * @param ownFolder folder of further `ID.json` files; they may not use the id of a shipped one
 * @throws MappingInvalid with the file and the path of the first fault in it
 */
export function loadMappings(ownFolder?: string): MappingRegistry {
  if (ownFolder === undefined) return registryOf([]);
  const { mappings, faults } = readOwnMappings(ownFolder, shippedMappingFiles());
  if (faults[0]) throw faults[0];
  return registryOf(mappings);
}

/**
 * Makes a registry of the shipped mappings and the operator's mappings.
 * @throws MappingInvalid when a shipped mapping is not valid
 */
export function registryOf(own: readonly Mapping[]): MappingRegistry {
  const mappings = [...shippedMappings(), ...own];
  const byId = new Map(mappings.map((mapping) => [mapping.id, mapping]));
  for (const mapping of mappings) refuseDangling(mapping, byId);
  const entries = mappings.map(entryOf);
  const forSellers = new Map(
    mappings.flatMap((mapping) =>
      mapping.reader === 'invoice'
        ? (mapping.forSellers ?? []).map((number): [string, InvoiceMapping] => [number, mapping])
        : [],
    ),
  );
  return { get: (id) => byId.get(id), list: () => entries, own: () => own, forSellers: () => forSellers };
}

/**
 * Checks the mappings that a detecting mapping names.
 * @throws MappingInvalid when a mapping does not exist or has another reader
 */
function refuseDangling(mapping: Mapping, byId: ReadonlyMap<string, Mapping>): void {
  if (mapping.reader !== 'detect') return;
  const named = [
    { at: 'embedded', id: mapping.embedded, reader: 'embedded' },
    ...mapping.pages.map(({ mapping: id }, i) => ({ at: `pages/${i}/mapping`, id, reader: 'invoice' })),
  ];
  const wrong = named.find(({ id, reader }) => byId.get(id)?.reader !== reader);
  if (wrong)
    throw new MappingInvalid(
      `${mapping.id}.json#/${wrong.at}`,
      `there is no mapping ${wrong.id} whose reader is ${wrong.reader}`,
    );
}

let shipped: readonly Mapping[] | undefined;

function shippedMappings(): readonly Mapping[] {
  shipped ??= [...shippedMappingFiles()].map(([id, json]) => {
    const mapping = parseMapping(json, `${id}.json`);
    if (mapping.default !== (id === DEFAULT_MAPPING))
      throw new MappingInvalid(
        `${id}.json#/default`,
        `only ${DEFAULT_MAPPING} may be the default mapping, and it must be`,
      );
    return mapping;
  });
  return shipped;
}

function entryOf(mapping: Mapping): GatewayMapping {
  return {
    id: mapping.id,
    version: mapping.version,
    contentHash: contentHash(mapping),
    label: mapping.label,
    default: mapping.default,
    mediaType: mapping.mediaType,
    ...parametersOf(mapping),
    ...(MAKES_INVOICES.has(mapping.reader) ? { formats: [...INVOICE_FORMATS] } : {}),
  };
}

/** Readers whose results are invoices. */
const MAKES_INVOICES: ReadonlySet<Mapping['reader']> = new Set(['detect', 'embedded', 'invoice']);

function parametersOf(mapping: Mapping): Pick<GatewayMapping, 'parameters'> {
  if (mapping.reader !== 'timetable') return {};
  return {
    parameters: Object.entries(mapping.parameters).map(([name, rule]) => ({
      name,
      description: rule.description,
      ...(rule.default === undefined ? {} : { default: rule.default }),
    })),
  };
}
