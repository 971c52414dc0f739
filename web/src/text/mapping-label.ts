import { en, type MessageKey } from './en.ts';
import type { Translate } from './translate.ts';

type MappingKey = Extract<MessageKey, `mapping_${string}`>;

/** The name of a mapping in the reader's language. An operator's own mapping keeps its given name. */
export function mappingLabel(t: Translate, { id, label }: { id: string; label: string }): string {
  const key = `mapping_${id}`;
  const isOurs = (name: string): name is MappingKey => Object.hasOwn(en, name);
  return isOurs(key) && en[key] === label ? t(key) : label;
}
