import type { GatewayWarning } from '../../schemas/protocols/gateway-protocol.ts';
import { DOUBTFUL_NAME, FORM_APART } from '../reading/name-doubts.ts';
import type { Invoice, Party } from '../found-invoice/invoice.ts';

/** Warns about names of parties that are in doubt, and about a name that both parties have. */
export function partyWarnings({ seller, buyer }: Invoice): GatewayWarning[] {
  const isShared = seller.name !== undefined && plain(seller) === plain(buyer);
  return [
    ...nameWarnings('SELLER_NAME', 'seller’s name (BT-27)', seller, isShared),
    ...nameWarnings('BUYER_NAME', 'buyer’s name (BT-44)', buyer, isShared),
  ];
}

function plain({ name }: Party): string {
  return name?.value.toLowerCase().replace(/\s+/g, ' ') ?? '';
}

function nameWarnings(code: string, what: string, { name }: Party, isShared: boolean): GatewayWarning[] {
  if (!name || (!isShared && name.confidence > DOUBTFUL_NAME)) return [];
  const why = isShared
    ? 'the other party has the same'
    : name.rule.endsWith(FORM_APART)
      ? `the page says “${name.raw}” and also states the legal form alone, so the form was left out`
      : 'another line of the address may be the name as well';
  return [{ code, message: `The ${what} is read as “${name.value}”; ${why}.` }];
}
