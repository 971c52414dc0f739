/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: Json;
}

/** True only for a JSON list. */
function isJsonList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** The properties that an extending mapping does not take over from its base. */
const NOT_TAKEN_OVER = ['$schema', 'id', 'version', 'label', 'default', 'locked', 'handsOver', 'forSellers'];

/** True only for a JSON object. */
export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Builds a mapping that extends another mapping. It changes the base as JSON Merge Patch (RFC 7396) says. Objects are
 * merged name by name, `null` removes a name, and every other value replaces the old value. `{"add": [...]}` in the
 * place of a list adds items to it.
 * @param base the JSON of the other mapping, with everything that this mapping itself takes over
 * @param own the file that extends it
 */
export function extendedMapping(base: JsonObject, own: JsonObject): JsonObject {
  const taken = Object.entries(base).filter(([name]) => !NOT_TAKEN_OVER.includes(name));
  const said = Object.entries(own).filter(([name]) => name !== 'extends');
  return patched(Object.fromEntries(taken), Object.fromEntries(said));
}

function patched(base: JsonObject, patch: JsonObject): JsonObject {
  const result = new Map<string, Json>(Object.entries(base));
  for (const [name, change] of Object.entries(patch))
    if (change === null) result.delete(name);
    else result.set(name, patchedValue(result.get(name), change));
  return Object.fromEntries(result);
}

function patchedValue(base: Json | undefined, change: Json): Json {
  const added = additionIn(change);
  if (added && (base === undefined || isJsonList(base))) return [...(base ?? []), ...added];
  if (!isJsonObject(change)) return change;
  return patched(isJsonObject(base) ? base : {}, change);
}

/** The items of `{"add": [...]}`; undefined for anything else. */
function additionIn(change: Json): readonly Json[] | undefined {
  if (!isJsonObject(change) || Object.keys(change).length !== 1) return undefined;
  const { add } = change;
  return isJsonList(add) ? add : undefined;
}
