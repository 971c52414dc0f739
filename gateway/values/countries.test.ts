import { describe, expect, it } from '@jest/globals';
import {
  countryNamed,
  countryOfAddress,
  countryOfPostLetters,
  countryOfPostalForm,
  isPostalCodeOf,
} from './countries.ts';

describe('the country of an address', () => {
  it.each([
    ['Deutschland', 'DE'],
    ['ESPAÑA.', 'ES'],
    ['Suíça', 'CH'],
    ['Vereinigtes Königreich', 'GB'],
    ['Regno Unito', 'GB'],
    ['Países Baixos', 'NL'],
    ['U.S.A.', 'US'],
    ['(Portugal)', 'PT'],
    ['AT', 'AT'],
    ['Deutschland / Germany', 'DE'],
    ['Ireland - LEINSTER', 'IE'],
  ])('is named by %s', (text, code) => {
    expect(countryNamed(text)).toBe(code);
  });

  it.each(['München', 'D', 'QQ', 'Rua de Espanha', 'France Télécom SA', 'Spain / Portugal', ''])(
    'is not named by %j',
    (text) => {
      expect(countryNamed(text)).toBeUndefined();
    },
  );

  it('stands on the last line that names one, or after a comma', () => {
    expect(countryOfAddress(['Hofstraße 12', '20097 Hamburg', 'Deutschland'])).toBe('DE');
    expect(countryOfAddress(['10 rue de Paris', '75001 Paris, France'])).toBe('FR');
    expect(countryOfAddress(['Portugal Street 4', 'London', 'England', 'Tel. 020 1234'])).toBe('GB');
    expect(countryOfAddress(['Lindenweg 4', '50667 Köln'])).toBeUndefined();
  });

  it.each([
    ['4700-001 Braga', 'PT'],
    ['York YO1 9XY', 'GB'],
    ['1012 AB Amsterdam', 'NL'],
    ['00-950 Warszawa', 'PL'],
    ['75001 Paris', undefined],
    ['Ref. AB1 2CD 9', undefined],
  ])('is told by a postal code that only one country has: %s', (line, code) => {
    expect(countryOfPostalForm(line)).toBe(code);
  });

  it('is told by the letters before a postal code', () => {
    expect(['D', 'F', 'A', 'CH', 'EL', 'PT', 'X', 'QQ'].map(countryOfPostLetters)).toEqual([
      'DE', 'FR', 'AT', 'CH', 'GR', 'PT', undefined, undefined,
    ]); // prettier-ignore
  });

  it('goes with the form of its postal codes', () => {
    expect(isPostalCodeOf('DE', '80333')).toBe(true);
    expect(isPostalCodeOf('DE', '8033')).toBe(false);
    expect(isPostalCodeOf('JP', '80333')).toBe(false);
  });
});
