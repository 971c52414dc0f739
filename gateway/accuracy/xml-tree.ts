/** An element as `fast-xml-parser` gives it: children and attributes by name. */
export type Tree = Readonly<Record<string, unknown>>;

export function tree(value: unknown): Tree {
  return value !== null && typeof value === 'object' ? (value as Tree) : {};
}

/** Returns what is at a path of element names; undefined when an element is missing. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((node, name) => tree(node)[name], value);
}

/** Returns the text of an element, with or without attributes; undefined for an empty one. */
export function string(value: unknown): string | undefined {
  const text = typeof value === 'string' ? value : tree(value)['#text'];
  return typeof text === 'string' && text !== '' ? text : undefined;
}

export function list(value: unknown): readonly unknown[] {
  return value === undefined ? [] : Array.isArray(value) ? (value as unknown[]) : [value];
}
