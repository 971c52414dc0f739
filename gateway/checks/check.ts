import type Big from 'big.js';
import type { Invoice } from '../found-invoice/invoice.ts';
import type { Amounts } from '../found-invoice/amounts.ts';
import type { QrPayload } from '../found-invoice/qr-payload.ts';
import type { InvoiceMapping } from '../mapping/mapping-schema.ts';

/** What a check reads. */
export interface CheckContext {
  readonly invoice: Invoice;
  readonly amounts: Amounts;
  /** The payloads of the AT's QR codes on the pages, in page order. */
  readonly qr: readonly QrPayload[];
  readonly mapping: InvoiceMapping;
}

/** One comparison of a check: its two sides and whether they agree. */
export interface CheckFinding {
  readonly rule: string;
  readonly ok: boolean;
  /** What is compared, in words. */
  readonly what: string;
  readonly left: string;
  readonly right: string;
  /** Replaces the two sides in the message, where the sides do not explain the fault. */
  readonly sentence?: string;
}

/** Runs one rule. Returns no finding when the rule does not apply to this document. */
export type Check = (context: CheckContext) => readonly CheckFinding[];

/** Two amounts that are compared to the cent. */
export interface ComparedAmounts {
  readonly rule: string;
  readonly what: string;
  readonly left: Big;
  readonly right: Big;
  /** How far amounts may differ and still count as equal; 0 unless given. */
  readonly toleranceCents?: number;
}

/** Compares two amounts to the cent. */
export function equalAmounts({ rule, what, left, right, toleranceCents = 0 }: ComparedAmounts): CheckFinding {
  const ok = left.minus(right).abs().times(100).lte(toleranceCents);
  return { rule, ok, what, left: left.toFixed(2), right: right.toFixed(2) };
}

/** Checks that a value is present. */
export function present(rule: string, what: string, value: string | undefined): CheckFinding {
  const there = value !== undefined && value.trim() !== '';
  return { rule, ok: there, what, left: there ? value : 'missing', right: 'present' };
}
