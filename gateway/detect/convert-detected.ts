import type { PDFDocumentProxy } from 'pdfjs-dist';
import { writeReading } from '../invoice/convert-invoice.ts';
import type { DetectMapping } from '../mapping/mapping-schema.ts';
import { referenceTo } from '../mapping/reference.ts';
import type { MappingRegistry } from '../mapping/registry.ts';
import { identityOfWritten } from '../formats/invoice-identity.ts';
import type { ConverterSuccess } from '../protocol/child-protocol.ts';
import { embeddedMappingOf } from './chosen-mapping.ts';
import { detect, withReasonInRefusal } from './detect.ts';

/**
 * Converts an invoice. The result is the embedded e-invoice byte for byte, or UBL that is read from the page.
 * @throws Refusal as `detect`
 */
export async function convertDetected(
  mapping: DetectMapping,
  registry: MappingRegistry,
  document: PDFDocumentProxy,
): Promise<ConverterSuccess> {
  const found = await detect(mapping, registry, document);
  const { mediaType, version: mappingVersion } = mapping;
  if (found.by === 'page') {
    const written = await withReasonInRefusal(found.inPlaceOf, () =>
      writeReading(found.mapping, found.reading),
    );
    const warnings = [...found.warnings, ...written.warnings];
    return { ...written, mediaType, mappingVersion, warnings, convertedBy: referenceTo(found.mapping) };
  }
  const { source, said, pages, warnings } = found;
  const convertedBy = referenceTo(embeddedMappingOf(mapping, registry));
  const invoice = identityOfWritten(said);
  return { ok: true, body: source.bytes, mediaType, pages, mappingVersion, warnings, convertedBy, invoice };
}
