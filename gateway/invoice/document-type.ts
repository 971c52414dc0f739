import type { InvoiceMapping } from '../mapping/mapping-schema.ts';
import type { ReadDocument } from '../reading/document.ts';
import { keyOf } from '../reading/tokens.ts';

/** What kind of document it is: by the code its number begins with, else by the largest title on the first page. */
export function documentTypeOf(
  mapping: InvoiceMapping,
  document: ReadDocument,
  number: string | undefined,
): { documentType: string; typeCode: string; credit: boolean } {
  const prefix = /^([A-Z]{2,3})\s/.exec(number ?? '')?.[1];
  const byPrefix = mapping.documentTypes.find((type) => type.type === prefix);
  const found = byPrefix ?? byTitle(mapping, document) ?? mapping.documentTypes[0];
  return {
    documentType: byPrefix ? (prefix ?? '') : (found?.type ?? ''),
    typeCode: found?.typeCode ?? '380',
    credit: found?.credit ?? false,
  };
}

function byTitle(
  mapping: InvoiceMapping,
  document: ReadDocument,
): InvoiceMapping['documentTypes'][number] | undefined {
  let best: { rank: number; type: InvoiceMapping['documentTypes'][number] } | undefined;
  for (const line of document.lines) {
    if (line.page > 1) break;
    for (const type of mapping.documentTypes) {
      for (const title of type.titles) {
        const wanted = title.split(/\s+/).map(keyOf);
        const at = line.tokens.findIndex((_, i) => wanted.every((key, k) => line.tokens[i + k]?.key === key));
        if (at < 0) continue;
        const startsCell = at === 0 || (line.tokens[at]?.gap ?? 0) > 0.9;
        const rank =
          (line.tokens[at]?.word.size ?? 0) + (startsCell ? 3 : 0) + wanted.length * 0.8 - line.index * 0.02;
        if (!best || rank > best.rank) best = { rank, type };
      }
    }
  }
  return best?.type;
}
