/** The statement in pdfjs's text that copies its evaluator's state for each `q`. */
const CHAINED = `const clone = Object.create(this);
    if (newPath)`;

/** The statement that replaces `CHAINED`. It makes the copy without a prototype chain. */
const FLAT = `const clone = Object.assign(Object.create(EvalState.prototype), this);
    if (newPath)`;

/**
 * Changes pdfjs's text, so that it copies the evaluator's state flat. pdfjs itself makes the saved state the
 * prototype of the next state. A page with n nested `q` then has a prototype chain of length n, and V8 walks it at
 * every access. A small file can hold 20,000 nested `q`, which take half a minute. Flat copies take time linear in n.
 * @throws Error for a pdfjs that copies the state in another way
 */
export function withFlatStates(text: string): string {
  const parts = text.split(CHAINED);
  if (parts.length !== 2) throw new Error('This pdfjs copies its saved states in another way.');
  return parts.join(FLAT);
}
