import { runChecks } from '../checks/run-checks.ts';
import type { JudgedFinding } from '../checks/run-checks.ts';
import type { Invoice } from '../found-invoice/invoice.ts';
import { OCR_SURE } from '../pdf/recognised.ts';
import type { PdfText } from '../pdf/read-pdf.ts';
import type { Word } from '../pdf/words.ts';
import { Refusal } from '../protocol/refusal.ts';
import type { ScanCase } from './scan-findings.ts';
import { assumed, scanFindings, strict } from './scan-findings.ts';
import { valuesOf } from './invoice-values.ts';

/** The values that a reader finds in the words of a document. */
interface Read {
  readonly invoice: Invoice;
  readonly findings: readonly JudgedFinding[];
  readonly given: readonly JudgedFinding[];
}

/** The most further readings of one document. Each uses another text for one word. */
const READINGS_MAX = 80;

/**
 * Judges a document with pages that OCR read. When a check fails, it tries the other readings of uncertain words. It
 * keeps a reading with which fewer checks fail. In the end every check counts as an error, and no value may be
 * assumed or unproven.
 * @param judge reads the words; throws Refusal for a document that does not belong to the mapping
 */
export function judgeScan<T extends Read>(
  text: PdfText,
  scan: ScanCase & { readonly judge: (text: PdfText) => T },
): T {
  const rules = strict(scan.mapping);
  const checked = (words: PdfText): Checked<T> => {
    const read = scan.judge(words);
    const findings = runChecks(read.invoice, rules, scan.codes);
    const broken = findings.filter(({ ok }) => !ok).length + assumed(read.invoice).length;
    return { words, read, findings, broken };
  };
  const first = checked(text);
  // A scan from which no value was taken, such as an annex, changes nothing.
  if (!valuesOf(first.read.invoice, scan.mapping).some(({ found }) => found.ocr !== undefined))
    return first.read;
  const { read, findings } = first.broken === 0 ? first : bestReading(first, checked);
  const own = scanFindings(read.invoice, scan);
  return { ...read, findings: [...read.given, ...findings, ...own] };
}

interface Checked<T> {
  readonly words: PdfText;
  readonly read: T;
  readonly findings: readonly JudgedFinding[];
  readonly broken: number;
}

function bestReading<T>(first: Checked<T>, checked: (words: PdfText) => Checked<T>): Checked<T> {
  let best = first;
  let readings = 0;
  for (const word of doubtful(first.words))
    for (const other of otherTexts(word)) {
      if (best.broken === 0 || readings >= READINGS_MAX) return best;
      readings += 1;
      const tried = checkedWith(best.words, word, other, checked);
      if (tried && tried.broken < best.broken) best = tried;
    }
  return best;
}

function checkedWith<T>(
  words: PdfText,
  word: Word,
  other: string,
  checked: (words: PdfText) => Checked<T>,
): Checked<T> | undefined {
  try {
    return checked(withText(words, word, other));
  } catch (error) {
    // With this reading the document does not belong to the mapping, so the reading is wrong.
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

/** Returns the uncertain numbers, the least certain first. */
function doubtful(text: PdfText): Word[] {
  return text.pages
    .flatMap((page) => page.lines.flatMap((line) => line.words))
    .filter(
      ({ ocr, text: own }) =>
        ocr && ocr.certainty < OCR_SURE && [own, ...ocr.others].some((t) => /\d/.test(t)),
    )
    .toSorted((a, b) => (a.ocr?.certainty ?? 0) - (b.ocr?.certainty ?? 0));
}

/**
 * Returns other readings of a number: the readings of the other models, and readings with a lost or mistaken decimal
 * mark.
 */
function otherTexts({ text, ocr }: Word): string[] {
  const read = [text, ...(ocr?.others ?? [])];
  const marked = read.flatMap((one) => {
    const bare = one.replace(/[^\d.,:;]/g, '');
    const digits = bare.replace(/\D/g, '');
    if (digits.length < 2 || digits.length > 9) return [];
    return [bare.replace(/[.:;](?=\d+$)/, ','), ...[1, 2, 3].flatMap((places) => withMark(digits, places))];
  });
  return [...new Set([...read, ...marked])].filter((one) => one !== text);
}

function withMark(digits: string, places: number): string[] {
  return digits.length > places ? [`${digits.slice(0, -places)},${digits.slice(-places)}`] : [];
}

function withText(words: PdfText, word: Word, text: string): PdfText {
  return {
    ...words,
    pages: words.pages.map((page) =>
      page.page === word.page
        ? {
            ...page,
            lines: page.lines.map((line) =>
              line.words.some((own) => isSame(own, word))
                ? { ...line, words: line.words.map((own) => (isSame(own, word) ? { ...own, text } : own)) }
                : line,
            ),
          }
        : page,
    ),
  };
}

function isSame(a: Word, b: Word): boolean {
  return a.x0 === b.x0 && a.y === b.y;
}
