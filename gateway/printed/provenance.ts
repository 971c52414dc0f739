import type { Box } from '../pdf/matrix.ts';
import { union } from '../pdf/matrix.ts';
import { together } from '../pdf/recognised.ts';
import type { Token } from './tokens.ts';
import { textOf } from './tokens.ts';

/** A value and where it came from. Every value that reaches the output keeps this. */
export interface Found {
  /** Normalised: money as plain decimals, dates as YYYY-MM-DD, identifiers without blanks. */
  readonly value: string;
  /** As printed. */
  readonly raw: string;
  /** Page from 1; 0 for a value that stands nowhere on the page (derived). */
  readonly page: number;
  /** Points from the top left of the page as shown. */
  readonly box: Box | undefined;
  /** Which rule found it, in words: `label "Total" right`, `column total`, `derived net + tax`. */
  readonly rule: string;
  /** 0 to 1. */
  readonly confidence: number;
  /** For a value recognised in a picture: how sure its text is, 0 to 1. */
  readonly ocr?: number | undefined;
  /** What else stands in the cell of the value, where something does. */
  readonly leftOver?: string;
}

/** A value as found in tokens that stand together. */
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

/** A value worked out from others. */
export function derived(value: string, rule: string): Found {
  return { value, raw: '', page: 0, box: undefined, rule: `derived ${rule}`, confidence: 0.5 };
}
