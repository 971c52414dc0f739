import type { ByteStream, FontProperties, ParsingInternals, PdfFont } from './parsing-half.ts';

/** Replaces the mended font file, because nothing is drawn with the font. */
const NOT_DRAWN = new Uint8Array();

/**
 * Stops pdfjs from mending embedded TrueType fonts while a document is read. pdfjs mends the tables of a font so that
 * a browser can draw with it. That took a sixth of the time for e-invoices. Reading needs only the widths and the
 * meanings of the character codes, and the PDF holds both outside the font file (ADR 0190).
 */
export function leaveFontsUnmended({ Font }: ParsingInternals): void {
  const mend = Font.prototype.checkAndRepair;
  Font.prototype.checkAndRepair = function checkAndRepair(this: PdfFont, name, file, properties) {
    const isForReading = this.fontExtraProperties === true;
    return isForReading && isExplained(properties) && isWhole(file)
      ? NOT_DRAWN
      : mend.call(this, name, file, properties);
  };
}

/** True if the PDF states the meaning of the codes. Otherwise pdfjs also needs the font file. */
function isExplained({ composite, hasIncludedToUnicodeMap, hasEncoding }: FontProperties): boolean {
  return composite === true || hasIncludedToUnicodeMap === true || hasEncoding === true;
}

/** The length in bytes that each table has at least. When a table is missing or shorter, pdfjs uses another font. */
const TABLES = new Map([
  ['head', 54],
  ['hhea', 36],
  ['hmtx', 4],
  ['maxp', 6],
  ['loca', 4],
  ['glyf', 1],
]);

const HEADER_BYTES = 12;
const ENTRY_BYTES = 16;
/** The first four bytes of a TrueType font: version 1.0, or `true`. */
const TRUETYPE = new Set([0x00010000, 0x74727565]);

/** True for a TrueType font with every table that pdfjs asks for, all within the file. */
function isWhole(file: ByteStream): boolean {
  const bytes = file.getBytes();
  file.reset();
  if (bytes.length < HEADER_BYTES) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = HEADER_BYTES + view.getUint16(4) * ENTRY_BYTES;
  if (!TRUETYPE.has(view.getUint32(0)) || bytes.length < end) return false;
  const missing = new Set(TABLES.keys());
  for (let at = HEADER_BYTES; at < end; at += ENTRY_BYTES) {
    const tag = String.fromCharCode(...bytes.subarray(at, at + 4));
    const length = view.getUint32(at + 12);
    if (tag === 'CFF ' || view.getUint32(at + 8) + length > bytes.length) return false;
    if (length >= (TABLES.get(tag) ?? Infinity)) missing.delete(tag);
  }
  return missing.size === 0;
}
