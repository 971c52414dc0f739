import type { GatewayWarning } from '../../schemas/gateway-protocol.ts';
import type { Candidate } from '../reading/candidates.ts';
import type { Found } from '../printed/provenance.ts';

/** Says that the document's number may be longer than what is read, where words go on behind it wherever it is printed. */
export function numberWarnings(
  number: Found | undefined,
  candidates: readonly Candidate[],
): GatewayWarning[] {
  const same = candidates.filter(({ value }) => value === number?.value);
  const [first] = same;
  if (!number || !first || same.some(({ goesOnWith }) => goesOnWith === undefined)) return [];
  return [
    {
      code: 'NUMBER_GOES_ON',
      message: `The invoice number (BT-1) is read as “${number.value}”; “${first.goesOnWith}” stands right behind it and may be part of it.`,
    },
  ];
}
