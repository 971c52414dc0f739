import { deflateSync } from 'node:zlib';

/** PDFs that are small as files and large when they are opened (A-PD01 to A-PD03). */
export function bombs(): Readonly<Record<string, Buffer>> {
  const megabytes = 600;
  const page = Buffer.from('BT /F1 12 Tf 10 10 Td (x) Tj ET\n');
  const endless = deflateSync(Buffer.alloc(megabytes * 2 ** 20, page), { level: 1 });
  const twice = deflateSync(deflateSync(Buffer.alloc(megabytes * 2 ** 20), { level: 1 }), { level: 9 });
  return {
    'one stream of 600 MB': pdf([stream(endless, '/FlateDecode')], 1),
    'a stream packed twice': pdf([stream(twice, '[/FlateDecode /FlateDecode]')], 1),
    '200,000 pages': pdf([stream(deflateSync(page), '/FlateDecode')], 200_000),
  };
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
