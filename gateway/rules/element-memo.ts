import type { XmlElement } from './xml-tree.ts';

/** What was worked out of each element of the document that is being checked. */
const memos: Map<XmlElement, unknown>[] = [];

/**
 * Works something out of an element once, since many rules ask for the same. A plain map that is emptied for the next
 * document and not a weak one, whose entries cost the garbage collector more than the work that they save.
 */
export function oncePerElement<T>(work: (element: XmlElement) => T): (element: XmlElement) => T {
  const memo = new Map<XmlElement, T>();
  memos.push(memo);
  return (element) => {
    const known = memo.get(element);
    if (known !== undefined || memo.has(element)) return known as T;
    const made = work(element);
    memo.set(element, made);
    return made;
  };
}

/** Lets go of the document that was checked before. */
export function forgetElements(): void {
  for (const memo of memos) memo.clear();
}
