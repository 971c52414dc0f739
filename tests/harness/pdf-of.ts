import PDFDocument from 'pdfkit';

/** Makes a small real PDF with these lines of text. Other lines make another document, so another job. */
export async function pdfOf(lines: readonly string[]): Promise<Buffer> {
  const document = new PDFDocument({ size: 'A4' });
  const chunks: Buffer[] = [];
  document.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = new Promise<void>((resolve, reject) => {
    document.on('end', resolve);
    document.on('error', reject);
  });
  for (const line of lines) document.text(line);
  document.end();
  await ended;
  return Buffer.concat(chunks);
}

/** Makes a real PDF that nobody can read without its password. Another secret makes another document. */
export async function lockedPdf(secret = 'secret'): Promise<Buffer> {
  const document = new PDFDocument({
    userPassword: 'nobody knows',
    ownerPassword: 'nobody either',
    pdfVersion: '1.7',
  });
  const chunks: Buffer[] = [];
  document.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = new Promise<void>((resolve) => document.on('end', resolve));
  document.text(secret);
  document.end();
  await ended;
  return Buffer.concat(chunks);
}
