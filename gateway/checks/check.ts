import type Big from 'big.js';
import type { Invoice } from '../found-invoice/invoice.ts';
import type { Amounts } from '../found-invoice/amounts.ts';
import type { QrPayload } from '../found-invoice/qr-payload.ts';
import type { InvoiceMapping } from '../mapping/mapping-schema.ts';

/** The data that a check reads. */
export interface CheckContext {
  readonly invoice: Invoice;
  readonly amounts: Amounts;
  /** The payloads of the AT's QR codes on the pages, in page order. */
  readonly qr: readonly QrPayload[];
  readonly mapping: InvoiceMapping;
}

/** One comparison of a check: its two sides and whether they agree. */
export interface Comparison {
  readonly ok: boolean;
  /** A text that names the compared values. */
  readonly what: string;
  readonly left: string;
  readonly right: string;
  /** Replaces the two sides in the message, where they do not explain the fault. */
  readonly sentence?: string;
}

/** A comparison, and the rule that it belongs to. */
export interface CheckFinding extends Comparison {
  readonly rule: string;
}

/** Runs one rule. Returns no comparison when the rule does not apply to this document. */
export type Check = (context: CheckContext) => readonly Comparison[];

/** Compares two amounts. Amounts that differ by at most `toleranceCents` count as equal. */
export function equalAmounts(what: string, left: Big, right: Big, toleranceCents = 0): Comparison {
  const ok = left.minus(right).abs().times(100).lte(toleranceCents);
  return { ok, what, left: left.toFixed(2), right: right.toFixed(2) };
}

/** Checks that a value is present. */
export function present(what: string, value: string | undefined): Comparison {
  const there = value !== undefined && value.trim() !== '';
  return { ok: there, what, left: there ? value : 'missing', right: 'present' };
}
