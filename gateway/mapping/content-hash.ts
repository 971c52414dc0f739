import type { Mapping } from './mapping-schema.ts';
import { sha256Of } from '../../schemas/sha256.ts';

const hashes = new WeakMap<Mapping, string>();

/** The SHA-256 of the mapping's JSON with sorted keys. Two mappings with one hash have the same content. */
export function contentHash(mapping: Mapping): string {
  const hash = hashes.get(mapping) ?? sha256Of(canonical(mapping));
  hashes.set(mapping, hash);
  return hash;
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
