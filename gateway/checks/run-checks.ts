import type { GatewayWarning } from '../../schemas/gateway-protocol.ts';
import { amountsOf } from '../found-invoice/amounts.ts';
import type { Invoice } from '../found-invoice/invoice.ts';
import type { QrPayload } from '../found-invoice/qr-payload.ts';
import type { InvoiceMapping } from '../mapping/mapping-schema.ts';
import type { Check, CheckFinding } from './check.ts';
import { ciusPt } from './cius-pt.ts';
import * as mandatory from './mandatory.ts';
import * as portugal from './portugal.ts';
import * as sums from './sums.ts';

/** Every check that a mapping may choose, by its id. */
export const CHECKS: Readonly<Record<string, Check>> = {
  'BR-01': mandatory.br01, 'BR-02': mandatory.br02, 'BR-03': mandatory.br03, 'BR-04': mandatory.br04,
  'BR-05': mandatory.br05, 'BR-06': mandatory.br06, 'BR-07': mandatory.br07, 'BR-08': mandatory.br08,
  'BR-09': mandatory.br09, 'BR-10': mandatory.br10, 'BR-11': mandatory.br11, 'BR-12': mandatory.br12,
  'BR-13': mandatory.br13, 'BR-14': mandatory.br14, 'BR-15': mandatory.br15, 'BR-16': mandatory.br16,
  'BR-CO-10': sums.brCo10, 'BR-CO-11': sums.brCo11, 'BR-CO-12': sums.brCo12, 'BR-CO-13': sums.brCo13,
  'BR-CO-14': sums.brCo14, 'BR-CO-15': sums.brCo15, 'BR-CO-16': sums.brCo16, 'BR-CO-17': sums.brCo17,
  'BR-S-08': sums.brS08, 'BR-E-08': sums.brE08, 'BR-Z-08': sums.brZ08, 'BR-E-10': sums.brE10,
  'LINE-NET': sums.lineNetRule, DATES: sums.datesRule,
  'PT-NIF-SELLER': portugal.nifSeller, 'PT-NIF-BUYER': portugal.nifBuyer, 'PT-ATCUD': portugal.atcud,
  'PT-ATCUD-PAGES': portugal.atcudPages, 'PT-IVA-RATE': portugal.ivaRate, 'PT-QR': portugal.qrCode,
  'PT-WITHHOLDING': portugal.withholding, IBAN: portugal.ibanRule, 'CIUS-PT': ciusPt,
}; // prettier-ignore

/** A finding with the severity that the mapping gives it. */
export interface JudgedFinding extends CheckFinding {
  readonly severity: 'error' | 'warning';
}

/** Runs the mapping's checks in the order of the mapping. */
export function runChecks(
  invoice: Invoice,
  mapping: InvoiceMapping,
  qr: readonly QrPayload[],
): JudgedFinding[] {
  const context = { invoice, mapping, qr, amounts: amountsOf(invoice) };
  return mapping.checks.flatMap(({ rule, severity }) =>
    (CHECKS[rule]?.(context) ?? []).map((finding) => ({ ...finding, severity })),
  );
}

/** The sentence of one finding: `BR-CO-15: total with VAT and ... do not agree: 12.30 and 12.40.` */
export function sentenceOf(finding: CheckFinding): string {
  if (finding.sentence !== undefined) return `${finding.rule}: ${finding.sentence}`;
  if (finding.left === 'missing') return `${finding.rule}: ${finding.what} is missing or could not be read.`;
  return `${finding.rule}: ${finding.what} do not agree: ${finding.left} and ${finding.right}.`;
}

const FAILURES_NAMED_MAX = 3;

/** Returns one sentence, or a few, for the failed checks that are errors; undefined when none is. */
export function failureMessage(findings: readonly JudgedFinding[]): string | undefined {
  const failed = findings.filter((finding) => !finding.ok && finding.severity === 'error');
  if (failed.length === 0) return undefined;
  const more = failed.length > FAILURES_NAMED_MAX ? ` (${failed.length - FAILURES_NAMED_MAX} more)` : '';
  return failed.slice(0, FAILURES_NAMED_MAX).map(sentenceOf).join(' ') + more;
}

/** Returns the failed checks that the mapping takes as warnings. */
export function checkWarnings(findings: readonly JudgedFinding[]): GatewayWarning[] {
  return findings
    .filter((finding) => !finding.ok && finding.severity === 'warning')
    .map((finding) => ({ code: finding.rule, message: sentenceOf(finding) }));
}
