/** How a text was recognised in a picture. */
export interface Recognised {
  /** 0 to 1; from `OCR_SURE` on, it is as good as a text from the file. */
  readonly certainty: number;
  /** Other readings of the same ink. */
  readonly others: readonly string[];
}

/** Least certainty of a text that needs no proof. */
export const OCR_SURE = 0.8;

/** What is put together of several is as sure as the least sure; undefined when none was recognised. */
export function together(
  parts: readonly { readonly ocr?: Recognised | undefined }[],
): Recognised | undefined {
  const recognised = parts.map(({ ocr }) => ocr).filter((ocr) => ocr !== undefined);
  if (recognised.length <= 1) return recognised[0];
  return { certainty: Math.min(...recognised.map(({ certainty }) => certainty)), others: [] };
}
