import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { XmlDocument, XsdValidator } from 'libxml2-wasm';
import { xmlRegisterFsInputProviders } from 'libxml2-wasm/lib/nodejs.mjs';

/** The OASIS UBL 2.1 schemas, which are not part of this repository. CONTRIBUTING.md says where tests expect them. */
export const UBL_SCHEMAS = join(import.meta.dirname, '..', '..', '..', 'shared', 'corpus', 'ubl-2.1-xsd');

export const hasUblSchemas = existsSync(UBL_SCHEMAS);

/** Returns the faults of a document against UBL 2.1's Invoice or CreditNote; none when the document is valid. */
export function ublFaults(xml: Uint8Array): string[] {
  xmlRegisterFsInputProviders();
  using document = XmlDocument.fromBuffer(xml);
  const file = join(UBL_SCHEMAS, 'maindoc', `UBL-${document.root.name}-2.1.xsd`);
  using schema = XmlDocument.fromBuffer(readFileSync(file), { url: file });
  const validator = XsdValidator.fromDoc(schema);
  try {
    validator.validate(document);
    return [];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  } finally {
    validator.dispose();
  }
}
