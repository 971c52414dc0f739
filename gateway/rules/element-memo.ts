import type { XmlElement } from './xml-tree.ts';

/** Results for each element of the document that is being checked. */
const memos: Map<XmlElement, unknown>[] = [];

/**
 * Computes a fact about an element once, because many rules need the same fact. The cache is a plain map that is
 * emptied for the next document. With a weak map, the garbage collector would need more time than the map saves.
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

/** Frees the memory of the document that was checked before. */
export function forgetElements(): void {
  for (const memo of memos) memo.clear();
}
