/** Number of bytes in which `%PDF-` must start. The server decides; this check only prevents a useless upload. */
const LOOK_BYTES = 1024;
const MEBIBYTE = 1024 * 1024;

export interface Refusal {
  readonly code: 'NOT_PDF' | 'TOO_LARGE' | 'EMPTY' | 'UNREADABLE';
  readonly again: boolean;
}

/**
 * Checks a file before the page sends it, and returns the fault or null. Only faults that are certain count, because
 * the server checks again in detail (R01: checks on both sides).
 */
export async function checkFile(file: Blob, maxUploadMb: number): Promise<Refusal | null> {
  if (file.size === 0) return { code: 'EMPTY', again: false };
  if (file.size > maxUploadMb * MEBIBYTE) return { code: 'TOO_LARGE', again: false };
  try {
    const start = new Uint8Array(await file.slice(0, LOOK_BYTES).arrayBuffer());
    return looksLikePdf(start) ? null : { code: 'NOT_PDF', again: false };
  } catch {
    return { code: 'UNREADABLE', again: true };
  }
}

/** True when `%PDF-` (ISO 32000-2, 7.5.2) is anywhere in the bytes. */
export function looksLikePdf(start: Uint8Array): boolean {
  return new TextDecoder('latin1').decode(start).includes('%PDF-');
}
