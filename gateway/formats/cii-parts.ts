import type { XmlElement } from '../rules/xml-tree.ts';
import { first, textOf, unlessEmpty } from './by-local-name.ts';
import type { AllowanceOrCharge, Period, Text } from './semantic-invoice.ts';

/** Reads a date in the format 102 (CCYYMMDD), the only format of the binding. Returns other texts unchanged. */
export function dateAt(from: XmlElement | undefined, name: string): Text {
  const written = textOf(first(from, name), 'DateTimeString|DateString') ?? textOf(from, name);
  const parts = /^(\d{4})(\d{2})(\d{2})/.exec(written ?? '');
  return parts ? `${parts[1]}-${parts[2]}-${parts[3]}` : written;
}

export function periodOf(period: XmlElement | undefined): Period | undefined {
  return unlessEmpty({ start: dateAt(period, 'StartDateTime'), end: dateAt(period, 'EndDateTime') });
}

/** Reads an allowance or charge of the document, a line or a price. */
export function allowanceOf(part: XmlElement): AllowanceOrCharge {
  const indicator = textOf(first(part, 'ChargeIndicator'), 'Indicator') ?? textOf(part, 'ChargeIndicator');
  return {
    isCharge: indicator === 'true' || indicator === '1',
    amount: textOf(part, 'ActualAmount'),
    base: textOf(part, 'BasisAmount'),
    percent: textOf(part, 'CalculationPercent'),
    reason: textOf(part, 'Reason'),
    reasonCode: textOf(part, 'ReasonCode'),
    category: textOf(part, 'CategoryTradeTax/CategoryCode'),
    rate: textOf(part, 'CategoryTradeTax/RateApplicablePercent|ApplicablePercent'),
  };
}

/**
 * Reads freight of the extended profile (Factur-X, BG-X-42). In the core of the standard it is a charge like any other.
 */
export function logisticsCharge(part: XmlElement): AllowanceOrCharge {
  return {
    isCharge: true,
    amount: textOf(part, 'AppliedAmount'),
    reason: textOf(part, 'Description'),
    category: textOf(part, 'AppliedTradeTax/CategoryCode'),
    rate: textOf(part, 'AppliedTradeTax/RateApplicablePercent|ApplicablePercent'),
  };
}
