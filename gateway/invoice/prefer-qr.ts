import { asQr, QR_LETTER_BY_FIELD, type QrPayload } from '../found-invoice/qr-payload.ts';
import type { Candidate } from '../reading/candidates.ts';

const AGREEMENT_BONUS = 1;

/**
 * Puts the candidates first that agree with the QR code. The code only chooses among values that the page prints as
 * text. If no candidate agrees, the order does not change, and the check of the code fails.
 */
export function preferQr(
  field: string,
  candidates: readonly Candidate[],
  qr: QrPayload | undefined,
): Candidate[] {
  const letter = QR_LETTER_BY_FIELD[field];
  const wanted = letter === undefined ? undefined : qr?.get(letter);
  if (wanted === undefined) return [...candidates];
  const agrees = (c: Candidate): boolean => {
    const own = asQr(field, c.value);
    return (
      own === wanted ||
      (/^-?[\d.]+$/.test(wanted) && /^-?[\d.]+$/.test(own) && Number(own) === Number(wanted))
    );
  };
  return candidates
    .map((c) =>
      agrees(c) ? { ...c, score: c.score + AGREEMENT_BONUS, rule: `${c.rule}, as in the QR code` } : c,
    )
    .sort((a, b) => b.score - a.score);
}
