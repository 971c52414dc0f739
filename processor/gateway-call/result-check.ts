import type { ResultMediaType } from '../../schemas/protocols/gateway-protocol.ts';
import { badOutput } from './gateway-failure.ts';

/**
 * Number of bytes that are kept from each end of a result. It is enough for a prolog and a root element with many
 * namespaces.
 */
const END_BYTES = 16 * 1024;

export interface ResultCheck {
  /**
   * Checks the next bytes.
   * @throws AttemptFailed GW_BAD_OUTPUT as soon as the bytes cannot be a result
   */
  inspect(chunk: Buffer): void;
  /**
   * Checks the end.
   * @throws AttemptFailed GW_BAD_OUTPUT when the whole is no result
   */
  finish(): void;
}

/**
 * Checks a result while it streams by, in constant memory: valid UTF-8, and the outline of its media type. The
 * gateway validates results; this check only detects an HTML page, an incomplete body and an empty body (D17,
 * A-SS02). It refuses a DOCTYPE, so that no reader of the result has to expand entities.
 */
export function checkResult(mediaType: ResultMediaType): ResultCheck {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let head = '';
  let tail = '';
  const take = (text: string): void => {
    if (head.length < END_BYTES) head += text.slice(0, END_BYTES - head.length);
    tail = (tail + text).slice(-END_BYTES);
  };
  const decode = (chunk?: Buffer): string => {
    try {
      return chunk ? decoder.decode(chunk, { stream: true }) : decoder.decode();
    } catch (error) {
      throw badOutput('The result is not valid UTF-8.', { cause: error });
    }
  };
  return {
    inspect: (chunk) => take(decode(chunk)),
    finish: () => {
      take(decode());
      const fault = mediaType === 'application/xml' ? faultOfXml(head, tail) : faultOfCalendar(head, tail);
      if (fault !== null) throw badOutput(fault);
    },
  };
}

/**
 * Matches what may precede the root element: XML declaration, comments and processing instructions (XML 1.0, section
 * 2.8).
 */
const PROLOG = /^\s*(?:<\?[\s\S]*?\?>\s*|<!--[\s\S]*?-->\s*)*/;

function faultOfXml(head: string, tail: string): string | null {
  const body = head.replace(PROLOG, '');
  if (body === '') return 'The result is empty.';
  if (/^<!DOCTYPE/i.test(body)) return 'The result has a DOCTYPE.';
  const root = /^<([A-Za-z_][\w.:-]*)[\s/>]/.exec(body)?.[1];
  if (root === undefined) return 'The result is not XML.';
  if (root.toLowerCase() === 'html') return 'The result is an HTML page.';
  const end = withoutEpilog(tail);
  const selfClosed = new RegExp(`^<${escaped(root)}(?:\\s[^<]*)?/>$`).test(body.trimEnd());
  const closed = new RegExp(`</${escaped(root)}\\s*>$`).test(end);
  return closed || selfClosed ? null : `The result ends without closing its root element.`;
}

/** Comments and processing instructions may also follow the root element. */
function withoutEpilog(text: string): string {
  const rest = text.trimEnd();
  const opening = rest.endsWith('-->') ? '<!--' : rest.endsWith('?>') ? '<?' : null;
  const at = opening === null ? -1 : rest.lastIndexOf(opening);
  return at < 0 ? rest : withoutEpilog(rest.slice(0, at));
}

/** Checks the outline of a calendar (RFC 5545, section 3.4). */
function faultOfCalendar(head: string, tail: string): string | null {
  if (head.trim() === '') return 'The result is empty.';
  if (!/^BEGIN:VCALENDAR\r?\n/.test(head)) return 'The result is not a calendar.';
  return /\nEND:VCALENDAR\s*$/.test(tail) ? null : 'The result ends without closing its calendar.';
}

function escaped(name: string): string {
  return name.replaceAll(/[.\\-]/g, '\\$&');
}
