/** A look at the bytes as they pass: is this a PDF at all? Whether it is a good one is the gateway's question. */
export interface PdfCheck {
  /** @throws NotPdf as soon as the header cannot be one any more */
  see(chunk: Buffer): void;
  /** @throws NotPdf when nothing in the file has a PDF's structure */
  finish(): void;
}

/** The file does not begin, or is not built, like a PDF. */
export class NotPdf extends Error {
  readonly code = 'NOT_PDF';
  readonly retryable = false;

  constructor(why: string) {
    super(why);
    this.name = 'NotPdf';
  }
}

/** PDF 32000-1, 7.5.2, and where readers still look for it (Annex H, implementation note 13 of PDF Reference 1.7). */
const HEADER = '%PDF-';
const headerWindowBytes = 1024;
/** A byte order mark and PDF white space (7.2.2) before the header do no harm. */
const LEADING = /^(?:\xef\xbb\xbf)?[\0\t\n\f\r ]*/;

/** Where an object must begin (7.3.10), even in a file that was cut off. */
const headBytes = 16 * 1024;
const OBJECT = /\d\s+\d+\s+obj\b/;
/** Where a trailer must be (7.5.5), with room for what some writers append. */
const tailBytes = 2 * 1024;
const TRAILER = /startxref|%%EOF|\btrailer\b|\bxref\b|\bendobj\b/;

/**
 * @param strictHeader `%PDF-` first, after an optional byte order mark and white space; otherwise anywhere in the
 *   first 1,024 bytes (A-UP03)
 */
export function createPdfCheck({ strictHeader }: { strictHeader: boolean }): PdfCheck {
  let head: Buffer = Buffer.alloc(0);
  let tail: Buffer = Buffer.alloc(0);
  let hasHeader = false;
  return {
    see: (chunk) => {
      if (head.length < headBytes) head = Buffer.concat([head, chunk.subarray(0, headBytes - head.length)]);
      tail = chunk.length >= tailBytes ? chunk : Buffer.concat([tail, chunk]);
      if (tail.length > tailBytes) tail = tail.subarray(-tailBytes);
      if (hasHeader) return;
      const found = findHeader(latin1(head, headerWindowBytes + HEADER.length), strictHeader);
      if (found === 'never') throw new NotPdf('This file does not begin like a PDF.');
      hasHeader = found === 'yes';
    },
    finish: () => {
      if (head.length === 0) throw new NotPdf('This file is empty.');
      if (!hasHeader) throw new NotPdf('This file does not begin like a PDF.');
      if (!OBJECT.test(latin1(head, headBytes)) && !TRAILER.test(latin1(tail, tailBytes)))
        throw new NotPdf('This file begins like a PDF, but there is none in it.');
    },
  };
}

function findHeader(text: string, strict: boolean): 'yes' | 'not yet' | 'never' {
  if (!strict) {
    if (text.slice(0, headerWindowBytes).includes(HEADER)) return 'yes';
    return text.length >= headerWindowBytes ? 'never' : 'not yet';
  }
  const rest = text.slice(LEADING.exec(text)?.[0].length ?? 0);
  if (rest.startsWith(HEADER)) return 'yes';
  const mayFollow = HEADER.startsWith(rest) || '\xef\xbb\xbf'.startsWith(text);
  return mayFollow && text.length < headerWindowBytes ? 'not yet' : 'never';
}

function latin1(bytes: Buffer, length: number): string {
  return bytes.toString('latin1', 0, length);
}
