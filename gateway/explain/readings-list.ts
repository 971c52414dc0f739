import type { ExplainedValue, GatewayExplanation } from '../../schemas/protocols/gateway-explanation.ts';
import type { Ink } from './canvas.ts';
import { FONT_NAME } from './canvas.ts';

/** The width of the list beside a page, in pixels. */
export const READINGS_WIDTH_PX = 460;
const MARGIN_PX = 12;
const COLORS = {
  title: '#222222',
  read: '#0a7d28',
  party: '#7a3fb5',
  counted: '#1565c0',
  wrong: '#c62828',
  absent: '#777777',
} as const;

const LIST_COLORS = {
  field: COLORS.read,
  party: COLORS.party,
  event: COLORS.counted,
  line: COLORS.counted,
  vat: COLORS.counted,
} as const;

/**
 * Numbers the values, on the page and in the list. Cells of tables get no number, because the title of their column
 * names them.
 */
export function valueNumbers(values: readonly ExplainedValue[]): Map<string, number> {
  const numbers = new Map<string, number>();
  for (const { path, kind } of values)
    if (kind === 'field' || kind === 'party' || (kind === 'event' && path.endsWith('title')))
      numbers.set(path, numbers.size + 1);
  return numbers;
}

/** Writes the values, the missing values and the failed checks, as many as fit. */
export function drawReadings(
  ink: Ink,
  explanation: GatewayExplanation,
  place: { readonly x: number; readonly height: number },
): void {
  const { mapping, result, values, missing, checks } = explanation;
  let y = 24;
  const row = (text: string, color: string, size = 12): void => {
    ink.font = `${size}px ${FONT_NAME}`;
    ink.fillStyle = color;
    for (const part of wrap(ink, text, READINGS_WIDTH_PX - 2 * MARGIN_PX)) {
      if (y > place.height - 6) return;
      ink.fillText(part, place.x + MARGIN_PX, y);
      y += size + 5;
    }
  };
  row(`${mapping.id} (version ${mapping.version})`, COLORS.title, 14);
  row(
    result.code === 'OK' ? 'Result: OK' : `Result: ${result.code}`,
    result.code === 'OK' ? COLORS.read : COLORS.wrong,
    14,
  );
  for (const { path } of missing.filter((m) => m.required)) row(`${path}: MISSING`, COLORS.wrong);
  const failed = checks.filter((check) => !check.ok);
  for (const { severity, rule, what, left, right } of failed)
    row(`${severity} ${rule}: ${what}: ${left} / ${right}`, COLORS.wrong);
  if (checks.length > 0)
    row(
      `Checks: ${checks.length - failed.length} of ${checks.length} hold`,
      failed.length > 0 ? COLORS.wrong : COLORS.read,
    );
  if (result.message !== undefined && failed.length === 0) row(result.message, COLORS.wrong);
  y += 6;
  const numbers = valueNumbers(values);
  for (const { path, kind, value, page } of values) {
    const number = numbers.get(path);
    if (number === undefined) continue;
    const where = page > 0 ? '' : mapping.reader === 'detect' ? ' (not placed)' : ' (worked out)';
    row(`${number}  ${path}: ${value}${where}`, LIST_COLORS[kind]);
  }
  const count = (kind: string): number =>
    new Set(values.filter((v) => v.kind === kind).map((v) => v.path.split('.')[0])).size;
  if (mapping.reader === 'invoice' || mapping.reader === 'detect')
    row(
      `Lines: ${count('line')}, VAT rates: ${count('vat')}`,
      count('line') > 0 ? COLORS.counted : COLORS.wrong,
    );
  const absent = missing.filter((m) => !m.required).map((m) => m.path);
  if (absent.length > 0) row(`Not on this document: ${absent.join(', ')}`, COLORS.absent);
}

/** Breaks a text at blanks (and inside a word that is wider than the list) so that no part is wider than `widthPx`. */
function wrap(ink: Ink, text: string, widthPx: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (ink.measureText(longer).width <= widthPx) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(line);
    line = word;
    while (line.length > 1 && ink.measureText(line).width > widthPx) {
      const fits = Math.max(1, Math.floor((line.length * widthPx) / ink.measureText(line).width));
      lines.push(line.slice(0, fits));
      line = line.slice(fits);
    }
  }
  return [...lines, line];
}
