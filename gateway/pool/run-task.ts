import { convert } from '../conversion/convert.ts';
import { hasReadScans } from '../ocr/scan-reader.ts';
import { Refusal } from '../protocol/refusal.ts';
import type { ChildMessage, ConverterOutcome, ConverterTask } from '../protocol/child-protocol.ts';

/** Carries out one task. Every error becomes a refusal. */
export async function runTask(task: ConverterTask): Promise<ChildMessage> {
  return { type: 'answer', id: task.id, outcome: await outcomeOf(task), spent: hasReadScans() };
}

async function outcomeOf(task: ConverterTask): Promise<ConverterOutcome> {
  try {
    return await convert(task);
  } catch (error) {
    if (error instanceof Refusal)
      return { ok: false, code: error.code, message: error.message, ...detailOf(error.cause) };
    if (error instanceof RangeError)
      // V8 throws a RangeError when a stack or an array has no more room. So the document needs too much memory.
      return {
        ok: false,
        code: 'PDF_LIMIT',
        message: 'The file is nested too deeply or is too large to be read.',
        ...detailOf(error),
      };
    return {
      ok: false,
      code: 'INTERNAL',
      message: 'The gateway failed; the fault is not in the file.',
      ...detailOf(error),
    };
  }
}

const DETAIL_LENGTH_MAX = 600;

function detailOf(error: unknown): { detail?: string } {
  return error instanceof Error ? { detail: (error.stack ?? error.message).slice(0, DETAIL_LENGTH_MAX) } : {};
}
