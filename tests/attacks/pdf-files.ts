import { deflateSync } from 'node:zlib';

export const CATALOG = '<</Type/Catalog/Pages 2 0 R>>';
const FONT = '<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>';
export const PAGE = pageWith(FONT);

/** A page whose content is object 4. */
export function pageWith(font: string): string {
  return `<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</F1 ${font}>>>>>>`;
}

/** @param more entries of the dictionary, such as a filter */
export function streamOf(content: Buffer | string, more = ''): Buffer {
  const bytes = Buffer.from(content as string);
  return Buffer.concat([
    Buffer.from(`<</Length ${bytes.length}${more}>>\nstream\n`),
    bytes,
    Buffer.from('\nendstream'),
  ]);
}

export function deflatedStreamOf(content: Buffer | string, more = ''): Buffer {
  return streamOf(deflateSync(content), `/Filter/FlateDecode${more}`);
}

/** A file of objects 1, 2, ... with a table of them; the first is the catalog. */
export function fileOf(objects: readonly (Buffer | string)[], trailer = ''): Buffer {
  const parts = [Buffer.from('%PDF-1.7\n')];
  let at = parts[0]!.length;
  const entries = objects.map((body, index) => {
    const object = Buffer.concat([
      Buffer.from(`${index + 1} 0 obj\n`),
      Buffer.from(body as string),
      Buffer.from('\nendobj\n'),
    ]);
    const entry = `${String(at).padStart(10, '0')} 00000 n \n`;
    parts.push(object);
    at += object.length;
    return entry;
  });
  const size = objects.length + 1;
  const table = `xref\n0 ${size}\n0000000000 65535 f \n${entries.join('')}`;
  const end = `trailer\n<</Size ${size}/Root 1 0 R${trailer.replace('XREF', String(at))}>>\nstartxref\n${at}\n%%EOF\n`;
  return Buffer.concat([...parts, Buffer.from(table + end)]);
}

/** A file of one page with this content. */
export function onePage(content: string, font = FONT, more: readonly (Buffer | string)[] = []): Buffer {
  const pages = '<</Type/Pages/Kids[3 0 R]/Count 1>>';
  return fileOf([CATALOG, pages, pageWith(font), deflatedStreamOf(content), ...more]);
}

/**
 * A file of one page and of `count` objects that nothing names, packed into streams of objects (PDF 32000-1, 7.5.7) with
 * a stream for a table (7.5.8).
 */
export function manyObjects(count: number, perStream: number): Buffer {
  const content = deflatedStreamOf('BT /F1 12 Tf 10 10 Td (x) Tj ET');
  const pages = '<</Type/Pages/Kids[3 0 R]/Count 1>>';
  const plain: readonly (Buffer | string)[] = [CATALOG, pages, PAGE, content];
  const streams = Math.ceil(count / perStream);
  const firstPacked = plain.length + streams + 1;
  const size = firstPacked + count + 1;
  const rows = Buffer.alloc(size * 7);
  const parts = [Buffer.from('%PDF-1.7\n')];
  let at = parts[0]!.length;
  const row = (number: number, type: number, field: number, index: number): void => {
    rows.writeUInt8(type, number * 7);
    rows.writeUInt32BE(field, number * 7 + 1);
    rows.writeUInt16BE(index, number * 7 + 5);
  };
  const put = (number: number, body: Buffer | string): void => {
    row(number, 1, at, 0);
    const object = Buffer.concat([
      Buffer.from(`${number} 0 obj\n`),
      Buffer.from(body as string),
      Buffer.from('\nendobj\n'),
    ]);
    parts.push(object);
    at += object.length;
  };
  plain.forEach((body, index) => put(index + 1, body));
  for (let packed = 0; packed < streams; packed += 1) {
    const first = firstPacked + packed * perStream;
    const numbers = Array.from(
      { length: Math.min(perStream, count - packed * perStream) },
      (_, n) => first + n,
    );
    numbers.forEach((number, index) => row(number, 2, plain.length + 1 + packed, index));
    const head = numbers.map((number, index) => `${number} ${index * 3}`).join(' ');
    const body = `${head}\n${'[] '.repeat(numbers.length)}`;
    put(
      plain.length + 1 + packed,
      deflatedStreamOf(body, `/Type/ObjStm/N ${numbers.length}/First ${head.length + 1}`),
    );
  }
  const startxref = at;
  row(size - 1, 1, at, 0);
  put(size - 1, deflatedStreamOf(rows, `/Type/XRef/Size ${size}/W[1 4 2]/Root 1 0 R`));
  return Buffer.concat([...parts, Buffer.from(`startxref\n${startxref}\n%%EOF\n`)]);
}
