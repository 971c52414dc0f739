import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { displayNameOf } from './display-name.ts';

describe('the name a file is shown under', () => {
  it.each([
    ['../../etc/passwd', 'passwd'],
    ['..\\..\\win.ini', 'win.ini'],
    ['%2e%2e%2f', '%2e%2e%2f'],
    ['....//', 'document.pdf'],
    ['/abs.pdf', 'abs.pdf'],
    ['C:\\x.pdf', 'x.pdf'],
    ['\\\\host\\share', 'share'],
    ['..', 'document.pdf'],
    ['', 'document.pdf'],
    [undefined, 'document.pdf'],
    ['\0\u0001', 'document.pdf'],
  ])('of %j is %j: the last part only [A-FN01]', (sent, shown) => {
    expect(displayNameOf(sent)).toBe(shown);
  });

  it('is well-formed, composed, and at most 200 code points with its extension [A-FN03]', () => {
    expect(displayNameOf('a\ud800.pdf')).toBe('a\ufffd.pdf');
    expect(displayNameOf('e\u0301.pdf')).toBe('\u00e9.pdf');
    const long = displayNameOf(`${'x'.repeat(5000)}.pdf`);
    expect([...long]).toHaveLength(200);
    expect(long.endsWith('x.pdf')).toBe(true);
    expect([...displayNameOf('😀'.repeat(255))]).toHaveLength(200);
  });

  it('hides no direction change and nothing of no width [A-FN04]', () => {
    expect(displayNameOf('evil\u202Efdp.exe')).toBe('evilfdp.exe');
    expect(displayNameOf('a\u200b\u2066b\u2069\ufeff\u{e0041}.pdf')).toBe('ab.pdf');
  });

  it('is one line without escapes, whatever is tried [A-FN06] [A-FN09]', () => {
    expect(displayNameOf('a\r\nSet-Cookie: x=1.pdf')).toBe('aSet-Cookie: x=1.pdf');
    expect(displayNameOf('\u001b[2J.pdf')).toBe('[2J.pdf');
    expect(displayNameOf('<img src=x onerror=alert(1)>.pdf')).toBe('<img src=x onerror=alert(1)>.pdf');
  });

  it('keeps its promises for any text, and naming twice changes nothing', () => {
    const text = fc.string({ unit: 'binary', maxLength: 600 });
    fc.assert(
      fc.property(text, (sent) => {
        const shown = displayNameOf(sent);
        expect(shown.length).toBeGreaterThan(0);
        expect(shown.length).toBeLessThanOrEqual(400);
        expect(shown.isWellFormed()).toBe(true);
        expect(shown).not.toMatch(/[\p{Cc}\p{Cf}/\\]/u);
        expect(displayNameOf(shown)).toBe(shown);
      }),
    );
  });
});
