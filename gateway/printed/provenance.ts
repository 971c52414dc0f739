import type { Box } from '../pdf/matrix.ts';
import { union } from '../pdf/matrix.ts';
import { together } from '../pdf/recognised.ts';
import type { Token } from './tokens.ts';
import { textOf } from './tokens.ts';

/** A value and its origin, which the value keeps until it is written. */
export interface Found {
  /** The normalised value: money as plain decimals, dates as YYYY-MM-DD, identifiers without blanks. */
  readonly value: string;
  /** The text exactly as the page prints it. */
  readonly raw: string;
  /** Page number from 1; 0 for a derived value, which stands on no page. */
  readonly page: number;
  /** The box of the value in points, from the top left of the shown page. */
  readonly box: Box | undefined;
  /** The rule that found the value, in words: `label "Total" right`, `column total`, `derived net + tax`. */
  readonly rule: string;
  /** Confidence in the value, 0 to 1. */
  readonly confidence: number;
  /** For a value from OCR: confidence in its text, 0 to 1. */
  readonly ocr?: number | undefined;
  /** Other text in the cell of the value. */
  readonly leftOver?: string;
}

/** Makes a value that was found in neighbouring tokens. */
export function foundIn(value: string, tokens: readonly Token[], rule: string, confidence: number): Found {
  const first = tokens[0]?.word;
  const ocr = first?.ocr ? together(tokens.map((token) => token.word)) : undefined;
  let box = first?.box;
  for (let i = 1; i < tokens.length; i += 1) box = union(box as Box, (tokens[i] as Token).word.box);
  const found = {
    value,
    raw: textOf(tokens),
    page: first?.page ?? 0,
    box,
    rule: ocr ? `${rule}, read by OCR` : rule,
    confidence: Math.round(confidence * 1000) / 1000,
  };
  return ocr ? { ...found, ocr: ocr.certainty } : found;
}

/** Makes a value that was computed from other values. */
export function derived(value: string, rule: string): Found {
  return { value, raw: '', page: 0, box: undefined, rule: `derived ${rule}`, confidence: 0.5 };
}
