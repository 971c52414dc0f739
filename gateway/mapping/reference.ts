import type { ConvertingMapping } from '../../schemas/gateway-protocol.ts';
import { contentHash } from './content-hash.ts';
import type { Mapping } from './mapping-schema.ts';

/** Which mapping made a result: its id, version and content. */
export function referenceTo(mapping: Mapping): ConvertingMapping {
  return { id: mapping.id, version: mapping.version, contentHash: contentHash(mapping) };
}
