import type { InvoiceMapping } from '../mapping/mapping-schema.ts';
import type { PdfText } from '../pdf/read-pdf.ts';
import { decimalMarkOf } from '../values/numbers.ts';
import { orderOfDates } from './date-order.ts';
import type { LabelHit, LabelIndex } from './labels.ts';
import { labelHits, labelIndex } from './labels.ts';
import type { TokenLine } from '../printed/tokens.ts';
import { tokenLines } from '../printed/tokens.ts';
import type { Notation } from './value-parsers.ts';

/** A document prepared for the search: its lines, their labels, its notation. */
export interface ReadDocument {
  readonly lines: readonly TokenLine[];
  /** The whole text, with a line break after each line. */
  readonly text: string;
  /** Label hits of each line, by line index. */
  readonly hits: readonly (readonly LabelHit[])[];
  /** The label hits of each field in reading order, with the weight of the label. */
  readonly hitsByOwner: ReadonlyMap<string, readonly WeighedHit[]>;
  readonly notation: Notation;
  /** True when nothing on the page tells whether day or month stands first. */
  readonly dateOrderIsGuess: boolean;
  readonly pages: number;
  /** The usual font size, in points. */
  readonly bodySize: number;
}

export interface WeighedHit {
  readonly hit: LabelHit;
  readonly weight: number;
}

type LabelRule = string | { readonly text: string; readonly weight: number };

function* labelsOf(mapping: InvoiceMapping): Generator<{ owner: string; text: string; weight: number }> {
  const each = function* (
    owner: string,
    labels: readonly LabelRule[] | undefined,
  ): Generator<{ owner: string; text: string; weight: number }> {
    for (const label of labels ?? [])
      yield typeof label === 'string' ? { owner, text: label, weight: 1 } : { owner, ...label };
  };
  for (const [name, field] of Object.entries(mapping.fields)) yield* each(`field:${name}`, field.labels);
  for (const [name, region] of Object.entries(mapping.regions)) {
    yield* each(`region:${name}`, region.labels);
    yield* each(`until:${name}`, region.until);
  }
  for (const role of ['seller', 'buyer'] as const) {
    const party = mapping.parties[role];
    yield* each(`party:${role}`, party.labels);
    yield* each(`name:${role}`, party.nameLabels);
    yield* each(`vat:${role}`, party.vatLabels);
  }
  yield* each('decoy', mapping.decoys);
}

const indexes = new WeakMap<InvoiceMapping, LabelIndex>();

function indexOf(mapping: InvoiceMapping): LabelIndex {
  const known = indexes.get(mapping) ?? labelIndex(labelsOf(mapping));
  indexes.set(mapping, known);
  return known;
}

/** Prepares a document for a mapping. */
export function readDocument(text: PdfText, mapping: InvoiceMapping): ReadDocument {
  const lines = tokenLines(text.pages);
  const index = indexOf(mapping);
  const words = lines.flatMap((line) => line.tokens.map((token) => token.text));
  const hits = lines.map((line) => labelHits(line, index));
  const joined = lines.map((line) => line.text).join('\n');
  const dates = orderOfDates(words, joined, mapping.dateOrder);
  return {
    lines,
    text: joined,
    hits,
    hitsByOwner: byOwner(hits),
    notation: { mark: decimalMarkOf(words, mapping.numbers), order: dates.order },
    dateOrderIsGuess: dates.isGuess,
    pages: text.pages.length,
    bodySize: median(lines.flatMap((line) => line.tokens.map((token) => token.word.size))),
  };
}

function byOwner(hits: readonly (readonly LabelHit[])[]): Map<string, WeighedHit[]> {
  const owners = new Map<string, WeighedHit[]>();
  for (const hit of hits.flat())
    for (const { owner, weight } of hit.uses) {
      const own = owners.get(owner) ?? [];
      // If a mapping lists a label twice, the first entry counts.
      if (own.at(-1)?.hit !== hit) own.push({ hit, weight });
      owners.set(owner, own);
    }

  return owners;
}

function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.floor(sorted.length / 2)] ?? 8;
}
