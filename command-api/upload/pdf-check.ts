import { CodedError } from '../../schemas/errors/coded-error.ts';

/** The file does not begin like a PDF, or lacks its structure. */
export class NotPdf extends CodedError {
  readonly code = 'NOT_PDF';
}

/**
 * PDF 32000-1, 7.5.2. The number of bytes at the start in which readers look for the header (Annex H, implementation
 * note 13 of PDF Reference 1.7).
 */
const HEADER = '%PDF-';
const HEADER_WINDOW_BYTES = 1024;
/** Length of the start of the file that the search for the header needs. */
const HEAD_BYTES = HEADER_WINDOW_BYTES + HEADER.length;
/** A byte order mark and PDF white space (7.2.2) may come before the header. */
const LEADING = /^(?:\xef\xbb\xbf)?[\0\t\n\f\r ]*/;

/**
 * Every file that a reader can open contains one of these words. The word belongs to a trailer (7.5.5), to a
 * cross-reference stream (7.5.8), or to the pointer to either. It may stand anywhere. Some writers append much after
 * the word, and a linearized file has one at the start (Annex F). Without such a word, not even a reader that repairs
 * files finds the document's root.
 */
const TRAILERS = ['trailer', 'startxref', '/XRef'];
const OVERLAP_BYTES = Math.max(...TRAILERS.map((word) => word.length)) - 1;

/**
 * Checks in the bytes of the stream whether the file is a PDF. The gateway checks everything else.
 * @param strictHeader true: `%PDF-` comes first, after an optional byte order mark and white space; false: `%PDF-`
 * stands anywhere in the first 1,024 bytes (A-UP03)
 */
export function createPdfCheck({ strictHeader }: { strictHeader: boolean }) {
  let head: Buffer = Buffer.alloc(0);
  let overlap: Buffer = Buffer.alloc(0);
  let hasHeader = false;
  let hasTrailer = false;
  return {
    /**
     * Checks a chunk.
     * @throws NotPdf as soon as no valid header is possible any more
     */
    see: (chunk: Buffer) => {
      if (!hasTrailer) {
        // The end of a chunk may split a word.
        const seam = Buffer.concat([overlap, chunk.subarray(0, OVERLAP_BYTES)]);
        hasTrailer = TRAILERS.some((word) => seam.includes(word) || chunk.includes(word));
        overlap = Buffer.concat([overlap, chunk.subarray(-OVERLAP_BYTES)]).subarray(-OVERLAP_BYTES);
      }
      if (hasHeader) return;
      if (head.length < HEAD_BYTES) head = Buffer.concat([head, chunk.subarray(0, HEAD_BYTES - head.length)]);
      const found = findHeader(latin1(head, HEAD_BYTES), strictHeader);
      if (found === 'never') throw new NotPdf('This file does not begin like a PDF.');
      hasHeader = found === 'yes';
    },
    /**
     * Checks the end.
     * @throws NotPdf when the file has no structure of a PDF
     */
    finish: () => {
      if (head.length === 0) throw new NotPdf('This file is empty.');
      if (!hasHeader) throw new NotPdf('This file does not begin like a PDF.');
      if (!hasTrailer)
        throw new NotPdf('This file begins like a PDF, but it is incomplete or has no content of a PDF.');
    },
  };
}

function findHeader(text: string, strict: boolean): 'yes' | 'not yet' | 'never' {
  if (!strict) {
    if (text.slice(0, HEADER_WINDOW_BYTES).includes(HEADER)) return 'yes';
    return text.length >= HEADER_WINDOW_BYTES ? 'never' : 'not yet';
  }
  const rest = text.slice(LEADING.exec(text)?.[0].length ?? 0);
  if (rest.startsWith(HEADER)) return 'yes';
  const mayFollow = HEADER.startsWith(rest) || '\xef\xbb\xbf'.startsWith(text);
  return mayFollow && text.length < HEADER_WINDOW_BYTES ? 'not yet' : 'never';
}

function latin1(bytes: Buffer, length: number): string {
  return bytes.toString('latin1', 0, length);
}
