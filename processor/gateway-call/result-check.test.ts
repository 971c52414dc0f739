import { describe, expect, it } from '@jest/globals';
import type { ResultMediaType } from '../../schemas/protocols/gateway-protocol.ts';
import { checkResult } from './result-check.ts';

/** Feeds the text in pieces of `pieceBytes`, as a network would. */
function check(text: string | Buffer, mediaType: ResultMediaType = 'application/xml', pieceBytes = 7): void {
  const bytes = Buffer.from(text as string);
  const checking = checkResult(mediaType);
  for (let at = 0; at < bytes.length; at += pieceBytes) checking.inspect(bytes.subarray(at, at + pieceBytes));
  checking.finish();
}

describe('the look at a result [D17][A-SS02]', () => {
  it.each([
    '<Invoice/>',
    '<Invoice a="1" />\n',
    '<a:Invoice xmlns:a="x"><a:ID>1</a:ID></a:Invoice>',
    '\ufeff<?xml version="1.0"?>\n<!-- made by us -->\n<Invoice>ã</Invoice>\n<!-- end -->\n',
    `<Invoice>${'x'.repeat(100_000)}</Invoice>`,
  ])('takes %.40j', (text) => {
    expect(() => check(text)).not.toThrow();
  });

  it.each([
    '',
    '   \n',
    'Internal error',
    '<html><body></body></html>',
    '<!DOCTYPE html><html></html>',
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    '<Invoice><ID>1</ID>',
    `<Invoice>${'x'.repeat(100_000)}</ID>`,
    '<Invoice></Invoice',
    '{"code":"INTERNAL"}',
  ])('refuses %.40j', (text) => {
    expect(() => check(text)).toThrow(expect.objectContaining({ code: 'GW_BAD_OUTPUT' }));
  });

  it('refuses bytes that are not UTF-8, and takes a character that two chunks share', () => {
    expect(() => check(Buffer.from([0x3c, 0x61, 0x3e, 0xff, 0x3c, 0x2f, 0x61, 0x3e]))).toThrow();
    expect(() => check('<a>ããã</a>', 'application/xml', 1)).not.toThrow();
  });

  it('knows a calendar from a cut one', () => {
    const calendar = 'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n';
    expect(() => check(calendar, 'text/calendar')).not.toThrow();
    expect(() => check(calendar.slice(0, -8), 'text/calendar')).toThrow();
    expect(() => check('<a/>', 'text/calendar')).toThrow();
  });
});
