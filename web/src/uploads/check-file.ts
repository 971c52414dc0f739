/** Bytes looked at before `%PDF-` has to have started; the server decides, this only spares a hopeless upload. */
const LOOK_BYTES = 1024;
const MEBIBYTE = 1024 * 1024;

export interface Refusal {
  readonly code: 'NOT_PDF' | 'TOO_LARGE' | 'EMPTY' | 'UNREADABLE';
  readonly again: boolean;
}

/**
 * What is wrong with a file before it is sent, or null. Only what is certain is refused here: the server looks again
 * and more closely (R01: checks on both sides).
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

/** `%PDF-` (ISO 32000-2, 7.5.2) anywhere in the bytes looked at. */
export function looksLikePdf(start: Uint8Array): boolean {
  return new TextDecoder('latin1').decode(start).includes('%PDF-');
}
