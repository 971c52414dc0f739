/** The mapping that detects the kind of a PDF. The API uses it for an upload that names no mapping. */
const DETECTING = 'invoice_v1';
const DEFAULT_OF_THE_API = 'pt_simon_invoice_v1';

/**
 * The mapping that the page uses: the user's last choice if it still exists, otherwise the operator's default.
 * Without both, the result is the mapping that detects the kind of document.
 * @param installed `DEFAULT_MAPPING` of the installation
 */
export function usualMapping(
  mappings: readonly { readonly id: string; readonly default: boolean }[],
  wanted: string | null,
  installed: string,
): string {
  const has = (id: string | null): id is string => mappings.some((each) => each.id === id);
  if (has(wanted)) return wanted;
  if (installed !== DEFAULT_OF_THE_API && has(installed)) return installed;
  if (has(DETECTING)) return DETECTING;
  return mappings.find((each) => each.default)?.id ?? installed;
}
