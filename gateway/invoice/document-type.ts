import type { InvoiceMapping } from '../mapping/mapping-schema.ts';
import type { ReadDocument } from '../reading/document.ts';
import { keyOf } from '../printed/tokens.ts';
import type { Invoice } from '../found-invoice/invoice.ts';

/**
 * Finds the type of document: by the code at the start of its number, otherwise by the largest title on the first page.
 */
export function documentTypeOf(
  mapping: InvoiceMapping,
  document: ReadDocument,
  number: string | undefined,
): Pick<Invoice, 'documentType' | 'typeCode' | 'credit' | 'typeIsAssumed'> {
  const prefix = /^([A-Z]{2,3})\s/.exec(number ?? '')?.[1];
  const byPrefix = mapping.documentTypes.find((type) => type.type === prefix);
  const said = byPrefix ?? byTitle(mapping, document);
  const found = said ?? mapping.documentTypes[0];
  return {
    documentType: byPrefix ? (prefix ?? '') : (found?.type ?? ''),
    typeCode: found?.typeCode ?? '380',
    credit: found?.credit ?? false,
    ...(said ? {} : { typeIsAssumed: true }),
  };
}

type DocumentType = InvoiceMapping['documentTypes'][number];

const titlesKnown = new WeakMap<InvoiceMapping, readonly { type: DocumentType; keys: readonly string[] }[]>();

/** Lists the titles of all types with the keys of their words. */
function titlesOf(mapping: InvoiceMapping): readonly { type: DocumentType; keys: readonly string[] }[] {
  const known = titlesKnown.get(mapping);
  if (known) return known;
  const titles = mapping.documentTypes.flatMap((type) =>
    type.titles.map((title) => ({ type, keys: title.split(/\s+/).map(keyOf) })),
  );
  titlesKnown.set(mapping, titles);
  return titles;
}

function byTitle(mapping: InvoiceMapping, document: ReadDocument): DocumentType | undefined {
  let best: { rank: number; type: DocumentType } | undefined;
  for (const { page, tokens, index } of document.lines) {
    if (page > 1) break;
    for (const { type, keys } of titlesOf(mapping)) {
      const at = tokens.findIndex(
        ({ key }, i) => key === keys[0] && keys.every((own, k) => tokens[i + k]?.key === own),
      );
      if (at < 0) continue;
      const startsCell = at === 0 || (tokens[at]?.gap ?? 0) > 0.9;
      const rank = (tokens[at]?.word.size ?? 0) + (startsCell ? 3 : 0) + keys.length * 0.8 - index * 0.02;
      if (!best || rank > best.rank) best = { rank, type };
    }
  }
  return best?.type;
}
