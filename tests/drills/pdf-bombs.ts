import { constants, deflateRawSync, deflateSync } from 'node:zlib';

const MEGABYTES = 600;
const MEGABYTE = 2 ** 20;
/** Adler-32 (RFC 1950) counts modulo this. */
const ADLER_BASE = 65_521;

/** PDFs that are small as files and large when they are opened (A-PD01 to A-PD03). */
export function bombs(): Readonly<Record<string, Buffer>> {
  const page = Buffer.from('BT /F1 12 Tf 10 10 Td (x) Tj ET\n');
  const endless = deflatedOften(Buffer.alloc(MEGABYTE, page), MEGABYTES);
  const twice = deflateSync(deflatedOften(Buffer.alloc(MEGABYTE), MEGABYTES), { level: 9 });
  return {
    [`one stream of ${MEGABYTES} MB`]: pdf([stream(endless, '/FlateDecode')], 1),
    'a stream packed twice': pdf([stream(twice, '[/FlateDecode /FlateDecode]')], 1),
    '200,000 pages': pdf([stream(deflateSync(page), '/FlateDecode')], 200_000),
  };
}

/** What `deflate` makes of a block that comes many times over; the block is compressed once. */
function deflatedOften(block: Buffer, times: number): Buffer {
  const raw = deflateRawSync(block, { level: 1, finishFlush: constants.Z_FULL_FLUSH });
  const header = Buffer.of(0x78, 0x01);
  const end = Buffer.of(0x03, 0x00, 0, 0, 0, 0);
  end.writeUInt32BE(adlerOfMany(block, times), 2);
  return Buffer.concat([header, ...Array.from({ length: times }, () => raw), end]);
}

function adlerOfMany(block: Buffer, times: number): number {
  let sum = 0;
  let weighted = 0;
  for (const byte of block) {
    sum = (sum + byte) % ADLER_BASE;
    weighted = (weighted + sum) % ADLER_BASE;
  }
  let low = 1;
  let high = 0;
  for (let n = 0; n < times; n += 1) {
    high = (high + low * (block.length % ADLER_BASE) + weighted) % ADLER_BASE;
    low = (low + sum) % ADLER_BASE;
  }
  return high * 2 ** 16 + low;
}

function stream(bytes: Buffer, filter: string): Buffer {
  return Buffer.concat([
    Buffer.from(`<</Length ${bytes.length}/Filter ${filter}>>\nstream\n`),
    bytes,
    Buffer.from('\nendstream'),
  ]);
}

/** Objects 1 catalog, 2 pages, 3 page, 4 content; the one page stands in the list as often as asked. */
function pdf([content]: readonly [Buffer], pages: number): Buffer {
  const kids = '3 0 R '.repeat(pages);
  const font = '<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>';
  const bodies = [
    Buffer.from('<</Type/Catalog/Pages 2 0 R>>'),
    Buffer.from(`<</Type/Pages/Kids[${kids}]/Count ${pages}>>`),
    Buffer.from(
      `<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R/Resources<</Font<</F1 ${font}>>>>>>`,
    ),
    content,
  ];
  const parts: Buffer[] = [Buffer.from('%PDF-1.7\n')];
  const offsets: number[] = [];
  let at = parts[0]!.length;
  bodies.forEach((body, index) => {
    const object = Buffer.concat([Buffer.from(`${index + 1} 0 obj\n`), body, Buffer.from('\nendobj\n')]);
    offsets.push(at);
    at += object.length;
    parts.push(object);
  });
  const entries = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  parts.push(
    Buffer.from(
      `xref\n0 ${bodies.length + 1}\n0000000000 65535 f \n${entries}trailer\n<</Size ${bodies.length + 1}/Root 1 0 R>>\nstartxref\n${at}\n%%EOF\n`,
    ),
  );
  return Buffer.concat(parts);
}
