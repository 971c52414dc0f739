/** The facts about a text that OCR recognised. */
export interface Recognised {
  /** The certainty, from 0 to 1. With `OCR_SURE` or more, the text is as good as a text of the file. */
  readonly certainty: number;
  /** Other readings of the same ink. */
  readonly others: readonly string[];
}

/** The least certainty of a text that needs no proof. */
export const OCR_SURE = 0.8;

/** Joins several texts. The result is as certain as the least certain text. Undefined when no text comes from OCR. */
export function together(
  parts: readonly { readonly ocr?: Recognised | undefined }[],
): Recognised | undefined {
  const recognised = parts.map(({ ocr }) => ocr).filter((ocr) => ocr !== undefined);
  if (recognised.length <= 1) return recognised[0];
  return { certainty: Math.min(...recognised.map(({ certainty }) => certainty)), others: [] };
}
