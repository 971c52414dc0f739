import { randomBytes } from 'node:crypto';

/** A small PDF that no other call gives; `bytes` pads it to that length. */
export function somePdf(bytes = 600): Buffer {
  const head = Buffer.from(
    `%PDF-1.7\n1 0 obj\n<</Type/Catalog/Id(${randomBytes(8).toString('hex')})>>\nendobj\n`,
  );
  const tail = Buffer.from('\nxref\n0 1\ntrailer\n<</Size 1>>\nstartxref\n9\n%%EOF\n');
  const padding = Buffer.alloc(Math.max(0, bytes - head.length - tail.length), '% padding \n');
  return Buffer.concat([head, padding, tail]);
}

/** A form of files and a mapping, as a browser sends it. */
export function formOf(
  files: readonly { name: string; bytes: Buffer }[],
  fields: { mapping?: string; fileField?: string } = {},
): FormData {
  const form = new FormData();
  if (fields.mapping !== undefined) form.append('mapping', fields.mapping);
  for (const { name, bytes } of files)
    form.append(
      fields.fileField ?? 'files',
      new Blob([new Uint8Array(bytes)], { type: 'application/pdf' }),
      name,
    );
  return form;
}
