import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { resultName, uniqueNames } from './result-names.ts';

describe('the name of a result', () => {
  it.each([
    ['fatura.pdf', 'fatura.xml'],
    ['FATURA.PDF', 'FATURA.xml'],
    ['../../etc/passwd', '_.._etc_passwd.xml'],
    ['a/../../b', 'a_.._.._b.xml'],
    ['..\\..\\win.ini', '_.._win.ini.xml'],
    ['evil\u202Efdp.exe', 'evilfdp.exe.xml'],
    ['a\r\nSet-Cookie: x=1.pdf', 'aSet-Cookie_ x=1.xml'],
    ['.pdf', 'result.xml'],
    ['...', 'result.xml'],
    ['CON.pdf', '_CON.xml'],
    ['aux.pdf', '_aux.xml'],
    ['LPT9.pdf', '_LPT9.xml'],
    ['com¹.pdf', '_com¹.xml'],
    ['nul.fatura.pdf', '_nul.fatura.xml'],
    ['con .pdf', '_con.xml'],
    ['-rf.pdf', '_-rf.xml'],
    ['console.pdf', 'console.xml'],
    ['aux-2026.pdf', 'aux-2026.xml'],
    ['Fatura nº 1 – março.pdf', 'Fatura nº 1 – março.xml'],
  ])('%j becomes %j [A-FN04][A-FN06][A-FN10]', (filename, name) => {
    expect(resultName(filename, 'application/xml')).toBe(name);
  });

  it('follows what the file became', () => {
    expect(resultName('horario.pdf', 'text/calendar')).toBe('horario.ics');
    expect(resultName('a.pdf', 'text/html')).toBe('a.bin');
  });

  it('has no slash, no control and a bound, whatever the file was called', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 600 }), (filename) => {
        const name = resultName(filename, 'application/xml');
        expect(name).not.toMatch(/[/\\\p{Cc}\p{Cf}]/u);
        expect(name.startsWith('.')).toBe(false);
        expect([...name].length).toBeLessThanOrEqual(184);
      }),
    );
  });
});

describe('names in one archive', () => {
  it('are numbered when they are equal [A-FN10]', () => {
    const unique = uniqueNames();
    expect(['a.xml', 'a.xml', 'A.xml', 'b.xml', 'a (2).xml'].map(unique)).toEqual([
      'a.xml',
      'a (2).xml',
      'A (3).xml',
      'b.xml',
      'a (2) (2).xml',
    ]);
  });

  it('are unique for a thousand equal names, in time that grows with their number', () => {
    const unique = uniqueNames();
    const names = Array.from({ length: 1_000 }, () => unique('a.xml'));
    expect(new Set(names).size).toBe(1_000);
  });
});
