import type { ExplainedValue, GatewayExplanation } from '../../schemas/protocols/gateway-explanation.ts';

/** The most characters of a cell. A longer text is cut and ends in three dots. */
const CELL_LENGTH_MAX = 60;

/** Writes an explanation for people: the result, a table of the values, the missing values, and the failed checks. */
export function explanationTable({ mapping, result, values, missing, checks }: GatewayExplanation): string {
  const failed = checks.filter(({ ok }) => !ok);
  const absent = missing.filter(({ required }) => required).map(({ path }) => path);
  const notRead = missing.filter(({ required }) => !required).map(({ path }) => path);
  return [
    `${mapping.label} (${mapping.id}, version ${mapping.version})`,
    `Result: ${result.code}${result.message === undefined ? '' : `. ${result.message}`}`,
    '',
    ...table([['value', 'is', 'as printed', 'where', 'found by'], ...values.map(row)]),
    ...list('Missing', absent),
    ...list('Not on this document', notRead),
    ...(checks.length === 0
      ? []
      : ['', `Checks: ${checks.length - failed.length} of ${checks.length} hold.`]),
    ...failed.map(
      ({ severity, rule, what, left, right }) => `  ${severity} ${rule}: ${what}: ${left} / ${right}`,
    ),
  ].join('\n');
}

function row({ path, value, raw, page, rule, confidence }: ExplainedValue): string[] {
  const where = page === 0 ? 'nowhere' : `page ${page}`;
  const sure = `${rule} (${Math.round(confidence * 100)} %)`;
  return [path, value, raw === value ? '' : raw, where, sure];
}

function list(title: string, names: readonly string[]): string[] {
  return names.length === 0 ? [] : ['', `${title}: ${names.join(', ')}.`];
}

/** Writes rows as columns. A column is as wide as its widest cell, and two blanks separate columns. */
function table(rows: readonly (readonly string[])[]): string[] {
  const cells = rows.map((line) => line.map(cut));
  const widths = (cells[0] ?? []).map((_, i) => Math.max(...cells.map((line) => line[i]?.length ?? 0)));
  return cells.map((line) =>
    line
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function cut(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > CELL_LENGTH_MAX ? `${line.slice(0, CELL_LENGTH_MAX - 3)}...` : line;
}
