import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv';
import { parse } from 'yaml';

export const ROOT = join(import.meta.dirname, '..', '..');
export const COMPOSE_FILES = [
  'docker-compose.yml',
  'docker-compose.tls.yml',
  'docker-compose.secure.yml',
] as const;

/** The parts that the checks read. The schema checks everything else. */
export interface ComposeService {
  readonly image?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly env_file?: readonly string[];
  readonly networks?: readonly string[];
  readonly secrets?: readonly string[];
  readonly volumes?: readonly string[];
  readonly mem_limit?: string;
  readonly logging?: unknown;
  readonly ports?: readonly string[];
  readonly profiles?: readonly string[];
}
export interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly networks?: Readonly<Record<string, { readonly internal?: boolean }>>;
  readonly volumes?: Readonly<Record<string, unknown>>;
  readonly secrets?: Readonly<Record<string, { readonly file: string }>>;
}

/** A compose file of the repository as data: anchors and merges resolved, variables as they are written. */
export function readComposeFile(name: string): ComposeFile {
  // `!override` is a tag of Compose. The value has the same meaning without the tag.
  return parse(readFileSync(join(ROOT, name), 'utf8'), { merge: true, logLevel: 'error' }) as ComposeFile;
}

/** Returns the faults of a file by the JSON schema of the Compose Specification; none when the file is valid. */
export function schemaFaults(file: unknown): string[] {
  const path = join(import.meta.dirname, 'specification', 'compose-spec.json');
  const schema = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  // Draft 7 under its https address, which this validator does not know.
  delete schema['$schema'];
  const validate = new Ajv({ allErrors: true, unknownFormats: 'ignore' }).compile(schema);
  if (validate(file) === true) return [];
  return (validate.errors ?? []).map(
    ({ dataPath, message, params }) => `${dataPath} ${message} ${JSON.stringify(params)}`,
  );
}
