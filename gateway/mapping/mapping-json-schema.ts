import { z } from 'zod';
import { isJsonObject, type Json, type JsonObject } from './extend-mapping.ts';
import { mappingSchema } from './mapping-schema.ts';

/** The fields that a mapping must have even when it extends another mapping. */
const OWN = ['id', 'version', 'label', 'extends'];

/**
 * Makes the JSON Schema of a mapping file, for editors. The schema accepts a whole mapping, or a file that `extends`
 * a mapping and gives only the changes. The gateway's own schema is its source. The gateway also checks what JSON
 * Schema cannot express, such as patterns.
 */
export function mappingJsonSchema(): JsonObject {
  // The type of the library also allows booleans as schemas. So the result is written as JSON and parsed again, which
  // gives it Docket's own type.
  const made = JSON.parse(JSON.stringify(z.toJSONSchema(mappingSchema, { io: 'input' }))) as JsonObject;
  const { $schema = null, ...whole } = made;
  const readers = Array.isArray(whole['oneOf']) ? (whole['oneOf'] as readonly Json[]) : [];
  return {
    $schema,
    title: 'A mapping of Docket',
    if: { required: ['extends'] },
    then: { anyOf: readers.map(extension) },
    else: whole,
  };
}

/** Makes the schema of a file that extends a mapping of this reader. */
function extension(reader: Json): Json {
  const part = partial(reader);
  if (!isJsonObject(part) || !isJsonObject(part['properties'])) return part;
  const base = { type: 'string', description: 'Id of the mapping that this one takes over and changes.' };
  return { ...part, properties: { ...part['properties'], extends: base }, required: OWN };
}

/**
 * Makes a schema that requires nothing. `null` removes a name, and `{"add": [...]}` adds to a list (`extendedMapping`).
 */
function partial(schema: Json): Json {
  if (!isJsonObject(schema)) return schema;
  if (schema['type'] === 'array') return addable(schema);
  if (schema['type'] !== 'object') return without(schema, ['default']);
  const { properties, additionalProperties } = schema;
  return {
    ...without(schema, ['required', 'default', 'properties', 'additionalProperties']),
    ...(isJsonObject(properties)
      ? {
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, value]) => [
              name,
              OWN.includes(name) || name === 'reader' ? value : removable(partial(value)),
            ]),
          ),
        }
      : {}),
    ...(additionalProperties === undefined
      ? {}
      : {
          additionalProperties: isJsonObject(additionalProperties)
            ? removable(partial(additionalProperties))
            : additionalProperties,
        }),
  };
}

function addable(list: JsonObject): Json {
  const items = without(list, ['default']);
  return {
    anyOf: [
      items,
      { type: 'object', properties: { add: items }, required: ['add'], additionalProperties: false },
    ],
  };
}

function removable(schema: Json): Json {
  return { anyOf: [schema, { type: 'null' }] };
}

function without(schema: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(schema).filter(([name]) => !names.includes(name)));
}
