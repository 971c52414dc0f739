import { linearPattern } from '../mapping/linear-pattern.ts';
import type { DetectMapping, EmbeddedMapping, InvoiceMapping } from '../mapping/mapping-schema.ts';
import type { MappingRegistry } from '../mapping/registry.ts';
import type { PdfText } from '../pdf/read-pdf.ts';

/** Characters of a document that are searched; what it is stands on its first pages. */
const SEARCHED_CHARS_MAX = 400_000;

/** The mapping that a detecting one names for embedded e-invoices; the registry holds that there is one. */
export function embeddedMappingOf(mapping: DetectMapping, registry: MappingRegistry): EmbeddedMapping {
  const named = registry.get(mapping.embedded);
  if (named?.reader !== 'embedded') throw new Error(`${mapping.embedded} does not read attachments.`);
  return named;
}

/** The first mapping whose signs are on the page, else the last. */
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
 * The mappings among which a detecting mapping chooses by the page, in its order. The registry makes sure that they
 * exist.
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
