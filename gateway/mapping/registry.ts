import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { GatewayMapping } from '../../schemas/gateway-protocol.ts';
import { mappingSchema } from './mapping-schema.ts';
import type { Mapping } from './mapping-schema.ts';

/** The mappings a gateway may use, fixed at its start. */
export interface MappingRegistry {
  get(id: string): Mapping | undefined;
  list(): readonly GatewayMapping[];
}

/** Mappings that come with Docket; a file that is not named here is refused, a name without its file too. */
export const SHIPPED_MAPPINGS = [
  'pt_simon_invoice_v1',
  'eu_invoice_v1',
  'einvoice_embedded_v1',
  'schedule_ics_v1',
  'text_layout_v1',
] as const;

/** The mapping that is used when none is named; locked. */
export const DEFAULT_MAPPING = 'pt_simon_invoice_v1';

const shippedFolder = join(dirname(dirname(fileURLToPath(import.meta.url))), 'mappings');

/** The start must not go on: a mapping is missing, not allowed or not valid. `path` says where. */
export class MappingInvalid extends Error {
  override readonly name = 'MappingInvalid';
  readonly code = 'MAPPING_INVALID';
  readonly retryable = false;
  readonly path: string;
  constructor(path: string, reason: string, cause?: unknown) {
    super(`${path}: ${reason}`, cause === undefined ? undefined : { cause });
    this.path = path;
  }
}

/**
 * Loads the shipped mappings and, when a folder of the operator's own is given, every mapping in it.
 * @param ownFolder folder of further `ID.json` files; they may not take the id of a shipped one
 * @throws MappingInvalid with the file and the path of the fault in it
 */
export function loadMappings(ownFolder?: string): MappingRegistry {
  const byId = new Map<string, Mapping>();
  const entries: GatewayMapping[] = [];
  const found = jsonFiles(shippedFolder);
  const missing = SHIPPED_MAPPINGS.find((id) => !found.includes(`${id}.json`));
  if (missing !== undefined) throw new MappingInvalid(`${missing}.json`, 'the mapping is missing');
  const stranger = found.find(
    (file) => !(SHIPPED_MAPPINGS as readonly string[]).includes(file.replace(/\.json$/, '')),
  );
  if (stranger !== undefined) throw new MappingInvalid(stranger, 'the mapping is not on the allow-list');
  const own = ownFolder === undefined ? [] : jsonFiles(ownFolder);
  for (const [folder, file] of [
    ...SHIPPED_MAPPINGS.map((id) => [shippedFolder, `${id}.json`]),
    ...own.map((name) => [ownFolder, name]),
  ]) {
    const mapping = readMapping(join(folder as string, file as string), file as string);
    if (byId.has(mapping.id))
      throw new MappingInvalid(`${file}#/id`, `the id ${mapping.id} is already taken`);
    if (mapping.default !== (mapping.id === DEFAULT_MAPPING)) {
      throw new MappingInvalid(
        `${file}#/default`,
        `only ${DEFAULT_MAPPING} is the default, and it is always`,
      );
    }
    byId.set(mapping.id, deepFreeze(mapping));
    entries.push({
      id: mapping.id,
      version: mapping.version,
      contentHash: contentHash(mapping),
      label: mapping.label,
      default: mapping.default,
      mediaType: mapping.mediaType,
      ...parametersOf(mapping),
    });
  }
  return { get: (id) => byId.get(id), list: () => entries };
}

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

/** Reads and validates one mapping file. @throws MappingInvalid */
export function readMapping(path: string, shownAs: string): Mapping {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new MappingInvalid(shownAs, error instanceof Error ? error.message : 'cannot be read', error);
  }
  const parsed = mappingSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const pointer = (issue?.path ?? []).map((part) => `/${String(part)}`).join('');
    throw new MappingInvalid(`${shownAs}#${pointer}`, issue?.message ?? 'is not a mapping', parsed.error);
  }
  if (`${parsed.data.id}.json` !== shownAs)
    throw new MappingInvalid(`${shownAs}#/id`, 'the id must be the name of the file');
  return parsed.data;
}

/** SHA-256 of the mapping's JSON with sorted keys: two mappings with one hash say the same. */
export function contentHash(mapping: Mapping): string {
  return createHash('sha256').update(canonical(mapping)).digest('hex');
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value).filter(([, v]) => v !== undefined);
    return `{${entries
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([k, v]) => `${JSON.stringify(k)}:${canonical(v)}`)
      .join(',')}}`;
  }
  return JSON.stringify(value);
}

function jsonFiles(folder: string): string[] {
  if (!existsSync(folder)) throw new MappingInvalid(folder, 'the folder of mappings is missing');
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .sort();
}

function deepFreeze<T>(value: T): T {
  if (value !== null && typeof value === 'object') Object.values(value).forEach(deepFreeze);
  return Object.freeze(value);
}
