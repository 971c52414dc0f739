/** An element of a document, its name with the prefix that its namespace has here. */
export interface XmlElement {
  /** `cbc:ID`, `cac:Party`; the root's own namespace has no prefix: `Invoice`. */
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Text directly in the element, without blanks around it. */
  readonly text: string;
  readonly children: readonly XmlElement[];
}

/** The children of one name. */
export function childrenOf(parent: XmlElement | undefined, name: string): readonly XmlElement[] {
  const found: XmlElement[] = [];
  if (parent) for (const child of parent.children) if (child.name === name) found.push(child);
  return found;
}

/** The first element at the end of a path of names, or undefined. */
export function firstAt(from: XmlElement | undefined, ...path: readonly string[]): XmlElement | undefined {
  let at = from;
  for (const name of path) {
    if (!at) return undefined;
    at = childOf(at, name);
  }
  return at;
}

function childOf({ children }: XmlElement, name: string): XmlElement | undefined {
  for (const child of children) if (child.name === name) return child;
  return undefined;
}

/** All elements at the end of a path of names. */
export function allAt(from: XmlElement | undefined, ...path: readonly string[]): readonly XmlElement[] {
  let at: readonly XmlElement[] = from === undefined ? [] : [from];
  for (const name of path) {
    const next: XmlElement[] = [];
    for (const parent of at) for (const child of parent.children) if (child.name === name) next.push(child);
    at = next;
  }
  return at;
}

/** The text of the first element at the end of a path; undefined when there is none or it is empty. */
export function textAt(from: XmlElement | undefined, ...path: readonly string[]): string | undefined {
  const text = firstAt(from, ...path)?.text;
  return text === '' ? undefined : text;
}

/** Every element below one, itself included, by its name and in document order. */
export function elementsByName(from: XmlElement): ReadonlyMap<string, readonly XmlElement[]> {
  const found = new Map<string, XmlElement[]>();
  const add = (element: XmlElement): void => {
    const known = found.get(element.name);
    if (known) known.push(element);
    else found.set(element.name, [element]);
    for (const child of element.children) add(child);
  };
  add(from);
  return found;
}
