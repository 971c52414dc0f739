/**
 * Writes JSON in the one form of RFC 8785: no white space, and members in the order of their names' UTF-16 code
 * units. Numbers and strings have the form that ECMAScript defines. The function omits the same members as
 * `JSON.stringify`, so a value and its stored copy have the same form.
 *
 * @throws TypeError for a value that JSON cannot hold: a number that is not finite, a bigint, or undefined alone
 */
export function canonicalJson(value: unknown): string {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return JSON.stringify(value);
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError(`${value} has no JSON`);
      return JSON.stringify(value);
    case 'object':
      if (value === null) return 'null';
      return Array.isArray(value) ? ofArray(value) : ofObject(value as Record<string, unknown>);
    default:
      throw new TypeError(`a ${typeof value} has no JSON`);
  }
}

function ofArray(items: readonly unknown[]): string {
  return `[${items.map((item) => (item === undefined ? 'null' : canonicalJson(item))).join(',')}]`;
}

function ofObject(members: Record<string, unknown>): string {
  let text = '';
  for (const name of Object.keys(members).sort()) {
    const value = members[name];
    if (value === undefined) continue;
    text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${canonicalJson(value)}`;
  }
  return `{${text}}`;
}
