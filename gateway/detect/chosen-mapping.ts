import { linearPattern } from '../mapping/linear-pattern.ts';
import type { DetectMapping, EmbeddedMapping, InvoiceMapping } from '../mapping/mapping-schema.ts';
import type { MappingRegistry } from '../mapping/registry.ts';
import type { PdfText } from '../pdf/read-pdf.ts';

/** The most characters that are searched in one document. The first pages show the kind of document. */
const SEARCHED_CHARS_MAX = 400_000;

/**
 * Returns the mapping that a detecting mapping names for embedded e-invoices. The registry has checked that it exists.
 */
export function embeddedMappingOf(mapping: DetectMapping, registry: MappingRegistry): EmbeddedMapping {
  const named = registry.get(mapping.embedded);
  if (named?.reader !== 'embedded') throw new Error(`${mapping.embedded} does not read attachments.`);
  return named;
}

/** Returns the first mapping whose words are on the page, otherwise the last mapping of the list. */
export function pageMappingFor(
  mapping: DetectMapping,
  registry: MappingRegistry,
  text: PdfText,
): InvoiceMapping {
  const words = textOf(text);
  const on = (patterns: readonly string[]): number =>
    patterns.filter((source) => linearPattern(source).test(words)).length;
  const isMet = ({ when }: DetectMapping['pages'][number]): boolean =>
    when === undefined || (on(when.anyOf) > 0 && on(when.evidence) >= when.evidenceMin);
  const at = mapping.pages.findIndex(isMet);
  const chosen = pageMappingsOf(mapping, registry).at(at);
  if (chosen === undefined) throw new Error(`${mapping.id} names no mapping for pages.`);
  return chosen;
}

/**
 * Returns the mappings for pages from which a detecting mapping chooses, in its order. The registry has checked that
 * these mappings exist.
 */
export function pageMappingsOf({ pages }: DetectMapping, registry: MappingRegistry): InvoiceMapping[] {
  return pages.map(({ mapping: id }) => {
    const named = registry.get(id);
    if (named?.reader !== 'invoice') throw new Error(`${id} does not read invoices.`);
    return named;
  });
}

function textOf({ pages }: PdfText): string {
  return pages
    .flatMap((page) => page.lines.map((line) => line.words.map(({ text }) => text).join(' ')))
    .join('\n')
    .slice(0, SEARCHED_CHARS_MAX);
}
