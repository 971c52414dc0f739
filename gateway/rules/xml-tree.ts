/** An element of a document. The prefix of its name depends only on the namespace. */
export interface XmlElement {
  /**
   * The name with its prefix, such as `cbc:ID` or `cac:Party`. Names in the namespace of the root have no prefix:
   * `Invoice`.
   */
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** The text directly in the element, without blanks around it. */
  readonly text: string;
  readonly children: readonly XmlElement[];
}

const NO_ELEMENTS: readonly XmlElement[] = [];

/**
 * Adds the children of one name to a list. The list is made only for the first child, because most searches find no
 * child. All loops of this file count an index, because an iterator would allocate an object at each step. The rules
 * read a document's elements about 30,000 times.
 */
function addNamed(
  list: XmlElement[] | undefined,
  children: readonly XmlElement[],
  name: string,
): XmlElement[] | undefined {
  let found = list;
  for (let i = 0; i < children.length; i += 1) {
    const child = children[i] as XmlElement;
    if (child.name !== name) continue;
    if (found === undefined) found = [child];
    else found.push(child);
  }
  return found;
}

/** Returns the children of one name. */
export function childrenOf(parent: XmlElement | undefined, name: string): readonly XmlElement[] {
  return parent === undefined ? NO_ELEMENTS : (addNamed(undefined, parent.children, name) ?? NO_ELEMENTS);
}

/** Returns the first element at the end of a path of names, or undefined. */
export function firstAt(from: XmlElement | undefined, ...path: readonly string[]): XmlElement | undefined {
  let at = from;
  for (let i = 0; i < path.length && at; i += 1) at = childOf(at, path[i] as string);
  return at;
}

function childOf({ children }: XmlElement, name: string): XmlElement | undefined {
  for (let i = 0; i < children.length; i += 1) if (children[i]?.name === name) return children[i];
  return undefined;
}

/** Returns all elements at the end of a path of names. */
export function allAt(from: XmlElement | undefined, ...path: readonly string[]): readonly XmlElement[] {
  let at: readonly XmlElement[] = from === undefined ? NO_ELEMENTS : [from];
  for (let step = 0; step < path.length && at.length > 0; step += 1) {
    let next: XmlElement[] | undefined;
    for (let i = 0; i < at.length; i += 1)
      next = addNamed(next, (at[i] as XmlElement).children, path[step] as string);
    at = next ?? NO_ELEMENTS;
  }
  return at;
}

/** Returns the text of the first element at the end of a path; undefined when there is none or it is empty. */
export function textAt(from: XmlElement | undefined, ...path: readonly string[]): string | undefined {
  const text = firstAt(from, ...path)?.text;
  return text === '' ? undefined : text;
}

/** Returns a function that finds the text at the end of a path such as `cac:Item/cbc:Name`, as `textAt` does. */
export function textIn(path: string): (from: XmlElement | undefined) => string | undefined {
  const steps = path.split('/');
  return (from) => textAt(from, ...steps);
}

/** Returns a function that finds the first element at the end of a path. */
export function firstIn(path: string): (from: XmlElement | undefined) => XmlElement | undefined {
  const steps = path.split('/');
  return (from) => firstAt(from, ...steps);
}

/** Returns a function that finds all elements at the end of a path. */
export function allIn(path: string): (from: XmlElement | undefined) => readonly XmlElement[] {
  const steps = path.split('/');
  return (from) => allAt(from, ...steps);
}

/** Returns an element and every element below it by name, in document order. */
export function elementsByName(from: XmlElement): ReadonlyMap<string, readonly XmlElement[]> {
  const found = new Map<string, XmlElement[]>();
  const add = (element: XmlElement): void => {
    const known = found.get(element.name);
    if (known) known.push(element);
    else found.set(element.name, [element]);
    for (let i = 0; i < element.children.length; i += 1) add(element.children[i] as XmlElement);
  };
  add(from);
  return found;
}
