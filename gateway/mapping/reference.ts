import type { ConvertingMapping } from '../../schemas/protocols/gateway-protocol.ts';
import { contentHash } from './content-hash.ts';
import type { Mapping } from './mapping-schema.ts';

/** The reference of a result to its mapping: id, version and content. */
export function referenceTo(mapping: Mapping): ConvertingMapping {
  return { id: mapping.id, version: mapping.version, contentHash: contentHash(mapping) };
}
