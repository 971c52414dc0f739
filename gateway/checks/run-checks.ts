import type { GatewayWarning } from '../../schemas/protocols/gateway-protocol.ts';
import { amountsOf } from '../found-invoice/amounts.ts';
import type { Invoice } from '../found-invoice/invoice.ts';
import type { QrPayload } from '../found-invoice/qr-payload.ts';
import type { InvoiceMapping } from '../mapping/mapping-schema.ts';
import type { Check, CheckFinding } from './check.ts';
import { MANDATORY } from './mandatory.ts';
import { PORTUGAL } from './portugal.ts';
import { SUMS } from './sums.ts';

/** Every check that a mapping may choose, by its id. */
export const CHECKS: Readonly<Record<string, Check>> = { ...MANDATORY, ...SUMS, ...PORTUGAL };

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
    (CHECKS[rule]?.(context) ?? []).map((compared) => ({ ...compared, rule, severity })),
  );
}

/** The sentence of one finding: `BR-CO-15: total with VAT and ... do not agree: 12.30 and 12.40.` */
export function sentenceOf(finding: CheckFinding): string {
  if (finding.sentence !== undefined) return `${finding.rule}: ${finding.sentence}`;
  if (finding.left === 'missing') return `${finding.rule}: ${finding.what} is missing or could not be read.`;
  return `${finding.rule}: ${finding.what} do not agree: ${finding.left} and ${finding.right}.`;
}

const FAILURES_NAMED_MAX = 3;

/** Returns one or a few sentences for the failed checks that are errors; undefined when no failed check is an error. */
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
