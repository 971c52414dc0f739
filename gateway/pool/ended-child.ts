import type { ConverterOutcome } from '../protocol/child-protocol.ts';
import type { Slot, Waiting } from './child-slot.ts';

/** The exit code and signal of a child. */
export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export const OUT_OF_MEMORY = pastLimit('needs more memory than the gateway allows');

/** Returns the refusal of a document that exceeds a limit. */
export function pastLimit(what: string): ConverterOutcome {
  return { ok: false, code: 'PDF_LIMIT', message: `The file ${what}.` };
}

/** Returns the outcome of a document whose child ended; undefined when the document is to be tried once more. */
export function outcomeOfEnded(
  job: Waiting,
  { verdict }: Slot,
  { code, signal }: ChildExit,
): ConverterOutcome | undefined {
  if (verdict && verdict !== 'again') return verdict;
  // V8 aborts when its heap is full.
  if (signal === 'SIGABRT' || code === 134) return OUT_OF_MEMORY;
  if (!job.retried) return undefined;
  if (verdict === 'again') return pastLimit('made the converter stand still twice');
  return {
    ok: false,
    code: 'CONVERTER_CRASHED',
    message: 'The converter stopped twice while reading this file.',
  };
}
