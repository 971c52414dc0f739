import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isJsonObject, type Json, type JsonObject } from './extend-mapping.ts';
import { MappingInvalid } from './mapping-invalid.ts';
import { mappingSchema, type Mapping } from './mapping-schema.ts';

/** The most bytes of a mapping's file. The shipped files have 40 KB. */
const MAPPING_FILE_BYTES_MAX = 1024 * 1024;
/** The most files of mappings in the operator's folder. */
export const MAPPING_FILES_MAX = 1000;

/**
 * Returns the names of the mappings in a folder, sorted.
 * @throws MappingInvalid when there is no such folder, or when the folder holds too many files
 */
export function mappingFilesIn(folder: string): string[] {
  if (!existsSync(folder)) throw new MappingInvalid(folder, 'the folder of mappings is missing');
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    throw new MappingInvalid(folder, 'the folder of mappings cannot be read', error);
  }
  const files = names.filter((file) => file.endsWith('.json') && !file.startsWith('.')).sort();
  if (files.length > MAPPING_FILES_MAX)
    throw new MappingInvalid(folder, `it holds more than ${MAPPING_FILES_MAX} mappings`);
  return files;
}

/**
 * Reads the JSON of a mapping without checking its contents.
 * @throws MappingInvalid
 */
export function readMappingJson(folder: string, file: string): JsonObject {
  let json: Json;
  try {
    const path = join(folder, file);
    if (statSync(path).size > MAPPING_FILE_BYTES_MAX)
      throw new Error(`is larger than ${MAPPING_FILE_BYTES_MAX} bytes`);
    json = JSON.parse(readFileSync(path, 'utf8')) as Json;
  } catch (error) {
    throw new MappingInvalid(file, error instanceof Error ? error.message : 'cannot be read', error);
  }
  if (!isJsonObject(json)) throw new MappingInvalid(file, 'is not a JSON object');
  return json;
}

/**
 * Makes a frozen mapping of the JSON of a file.
 * @throws MappingInvalid with the place of the first fault
 */
export function parseMapping(json: JsonObject, file: string): Mapping {
  const parsed = mappingSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const pointer = (issue?.path ?? []).map((part) => `/${String(part)}`).join('');
    throw new MappingInvalid(`${file}#${pointer}`, issue?.message ?? 'is not a mapping', parsed.error);
  }
  if (`${parsed.data.id}.json` !== file)
    throw new MappingInvalid(`${file}#/id`, 'the id must be the name of the file');
  return deepFreeze(parsed.data);
}

function deepFreeze<T>(value: T): T {
  if (value !== null && typeof value === 'object') Object.values(value).forEach(deepFreeze);
  return Object.freeze(value);
}
