import type { FieldRule } from '../mapping/mapping-schema.ts';
import type { ReadDocument } from './document.ts';
import type { LabelHit } from './labels.ts';
import type { Token, TokenLine } from '../printed/tokens.ts';
import { cellsOf } from '../printed/tokens.ts';
import { parseValue } from './value-parsers.ts';

/**
 * Baselines up to this many font sizes apart are side by side. Such a value has larger type, or its label has two
 * lines.
 */
const BESIDE_LINES_MAX = 0.8;

/** The least certainty that words beside a label are a date or a document's number, from 0 to 1. */
const FIT_MIN = 0.9;

/** A value that is alone in its cell. */
export interface BesideValue {
  readonly value: string;
  readonly tokens: readonly Token[];
  readonly line: TokenLine;
}

/** Finds the value to the right of a label, alone in its cell, on a line slightly higher or lower. */
export function valueBeside(
  hit: LabelHit,
  { type }: FieldRule,
  document: ReadDocument,
): BesideValue | undefined {
  const { line } = hit;
  for (const index of [line.index - 1, line.index + 1]) {
    const other = document.lines[index];
    if (!other || other.page !== line.page || other.rotated !== line.rotated) continue;
    if (Math.abs(other.y - line.y) > BESIDE_LINES_MAX * line.size) continue;
    const isAmount = type === 'money';
    if (isAmount && document.hits[index]?.length !== 0) continue;
    // Words of an address may stand on the same line as a number or date, left of the label.
    const cell = isAmount ? other.tokens : firstCellRightOf(hit, other, document);
    const [first] = cell;
    const parsed = parseValue(type, cell, document.notation);
    if (!first || first.x0 < hit.x1 || !parsed || parsed.count !== cell.length) continue;
    if (parsed.fit < (isAmount ? 1 : FIT_MIN)) continue;
    return { value: parsed.value, tokens: cell, line: other };
  }
  return undefined;
}

/**
 * Returns the first cell to the right of a label. Returns no tokens when that cell begins with another label, or when
 * more words follow the label on its line.
 */
function firstCellRightOf(hit: LabelHit, other: TokenLine, document: ReadDocument): readonly Token[] {
  const isAlone = hit.line.tokens[hit.to] === undefined;
  const cell = isAlone ? cellsOf(other).find(([first]) => (first?.x0 ?? 0) > hit.x1) : undefined;
  const at = cell?.[0] ? other.tokens.indexOf(cell[0]) : -1;
  const isLabel = (document.hits[other.index] ?? []).some(({ from }) => from === at);
  return cell === undefined || isLabel ? [] : cell;
}
