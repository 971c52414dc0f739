import type { PDFDocumentProxy } from 'pdfjs-dist';
import type { LayoutMapping } from '../mapping/mapping-schema.ts';
import type { ConverterSuccess } from '../protocol/child-protocol.ts';
import { DEFAULT_READ_LIMITS, readPdf } from '../pdf/read-pdf.ts';
import { hiddenWarnings, requireText, scanWarnings } from '../pdf/hidden-warnings.ts';
import { scanReader } from '../ocr/scan-reader.ts';
import { layoutXml } from './layout-xml.ts';

/**
 * Converts any digital PDF into structured text.
 * @throws Refusal `NO_TEXT` for a scan
 */
export async function convertLayout(
  mapping: LayoutMapping,
  document: PDFDocumentProxy,
): Promise<ConverterSuccess> {
  const text = await readPdf(document, DEFAULT_READ_LIMITS, { scan: scanReader() });
  requireText(text);
  return {
    ok: true,
    body: new TextEncoder().encode(layoutXml(text)),
    mediaType: mapping.mediaType,
    pages: text.pages.length,
    mappingVersion: mapping.version,
    warnings: [...scanWarnings(text), ...hiddenWarnings(text.hidden)],
  };
}
