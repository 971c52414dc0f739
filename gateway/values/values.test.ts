import { describe, expect, it } from '@jest/globals';
import { dateOrderOf, parseDate } from './dates.ts';
import { isIbanValid, isNif, parseVatId } from './identifiers.ts';
import { decimalMarkOf, isSameNumber, parseNumber } from './numbers.ts';

describe('numbers', () => {
  it.each([
    ['1.234,56', 'comma', '1234.56'],
    ['1,234.56', 'point', '1234.56'],
    ['1,234.56', 'comma', '1234.56'],
    ['1 234,56', 'comma', '1234.56'],
    ['12,345', 'comma', '12.345'],
    ['12,345', 'point', '12345'],
    ['1.234', 'comma', '1234'],
    ['0.125', 'comma', '0.125'],
    ['-877,19', 'comma', '-877.19'],
    ['877,19-', 'comma', '-877.19'],
    ['(12,00)', 'comma', '-12.00'],
    ['0,00', 'comma', '0.00'],
  ] as const)('reads %s with decimal %s as %s', (text, mark, value) => {
    expect(parseNumber(text, mark)).toBe(value);
  });

  it.each(['', 'abc', '1.2.3,4,5', '12,34,56.7', '1'.repeat(40)])('does not read %s as a number', (text) => {
    expect(parseNumber(text, 'comma')).toBeUndefined();
  });

  it('tells the decimal mark by the amounts of the document', () => {
    expect(decimalMarkOf(['1,234.50', '2.00'], 'comma')).toBe('point');
    expect(decimalMarkOf(['1.234,50', '2,00'], 'point')).toBe('comma');
    expect(decimalMarkOf([], 'comma')).toBe('comma');
  });
});

describe('dates', () => {
  it.each([
    ['16/04/2023', '2023-04-16'],
    ['2023-04-16', '2023-04-16'],
    ['16.04.2023', '2023-04-16'],
    ['16 de abril de 2023', '2023-04-16'],
    ['February 17, 2026', '2026-02-17'],
    ['11. Juli 2014', '2014-07-11'],
    ['3 août 2021', '2021-08-03'],
    ['1er mars 2024', '2024-03-01'],
    ['02/17/26', '2026-02-17'],
  ])('reads %s', (text, value) => {
    expect(parseDate(text, 'dmy')).toBe(value);
  });

  it.each(['31/02/2023', '00/01/2023', '2023', 'abril de 2023', '99/99/9999', '16/04/1823'])(
    'does not read %s as a date',
    (text) => {
      expect(parseDate(text, 'dmy')).toBeUndefined();
    },
  );

  it('takes the order of day and month from a date that has only one reading', () => {
    expect(dateOrderOf(['02/17/2026', '03/04/2026'])).toBe('mdy');
  });
});

describe('identifiers', () => {
  it('holds a NIF to its check digit', () => {
    expect(isNif('551704632')).toBe(true);
    expect(isNif('551704633')).toBe(false);
    expect(isNif('051704632')).toBe(false);
  });

  it('holds an IBAN to its check digits', () => {
    expect(isIbanValid('DE02120300000000202051')).toBe(true);
    expect(isIbanValid('DE02120300000000202052')).toBe(false);
  });

  it('reads VAT numbers with blanks and refuses other shapes', () => {
    expect(parseVatId('FR 11 123 456 782')).toBe('FR11123456782');
    expect(parseVatId('XX123456789')).toBeUndefined();
  });
});

describe('equal numbers', () => {
  it('are equal in value, however many zeros they have', () => {
    expect(isSameNumber('6', '6.00')).toBe(true);
    expect(isSameNumber('6', '6.01')).toBe(false);
    expect(isSameNumber('0.1', '0.10000000000000000001')).toBe(false);
  });
});
