import Big from 'big.js';
import type { Invoice, InvoiceLine, VatRow } from '../found-invoice/invoice.ts';
import { grossOf, lineNet, priceOf, quantityOf } from '../found-invoice/amounts.ts';
import type { Maybe } from './ubl-nodes.ts';
import { group, money, text } from './ubl-nodes.ts';
import { unitCode } from '../values/units.ts';

/** Moves the sign of a returned item from the price to the quantity, because a price is never negative (BR-27). */
function unsignedPrice(line: InvoiceLine): { price: string; quantity: Big } {
  const price = line.price?.value ?? priceOf(line).toFixed();
  const quantity = quantityOf(line);
  return price.startsWith('-')
    ? { price: price.slice(1), quantity: quantity.times(-1) }
    : { price, quantity };
}

/** Writes the standard identifier of an item (BT-157) with the scheme of a GTIN, `0160` of ISO/IEC 6523. */
function gtin(value: string): Maybe {
  return text('ID', value, { schemeID: '0160' });
}

/** Writes a line of an invoice or credit note (BG-25). */
export function invoiceLine(line: InvoiceLine, invoice: Invoice, credit: boolean): Maybe {
  const currency = invoice.currency.value;
  const { price, quantity } = unsignedPrice(line);
  const gross = grossOf(line).round(2, Big.roundHalfUp);
  const net = lineNet(line);
  const discount = line.discount && !new Big(line.discount.value).eq(0) ? gross.minus(net) : new Big(0);
  const percent = line.discount?.value;
  return group(
    credit ? 'CreditNoteLine' : 'InvoiceLine',
    text('ID', String(line.position)),
    text(credit ? 'CreditedQuantity' : 'InvoicedQuantity', quantity.toFixed(), {
      unitCode: unitCode(line.unit?.value),
    }),
    money('LineExtensionAmount', net, currency),
    discount.eq(0) || percent === undefined
      ? undefined
      : group(
          'AllowanceCharge',
          text('ChargeIndicator', 'false'),
          text('AllowanceChargeReason', 'Discount'),
          text('MultiplierFactorNumeric', new Big(percent).toFixed()),
          money('Amount', discount, currency),
          money('BaseAmount', gross, currency),
        ),
    adjustmentOf(line, currency),
    group(
      'Item',
      text('Description', line.description?.value),
      text('Name', line.name?.value ?? line.code?.value),
      line.code === undefined ? undefined : group('SellersItemIdentification', text('ID', line.code.value)),
      line.standardCode && group('StandardItemIdentification', gtin(line.standardCode.value)),
      lineTaxCategory(line, invoice.vat),
    ),
    group(
      'Price',
      text('PriceAmount', price, { currencyID: currency }),
      line.priceBase === undefined
        ? undefined
        : text('BaseQuantity', new Big(line.priceBase.value).toFixed(), {
            unitCode: unitCode(line.unit?.value),
          }),
    ),
  );
}

/** Writes the sum of a line's allowances and charges (BG-27, BG-28). */
function adjustmentOf(line: InvoiceLine, currency: string): Maybe {
  const amount = new Big(line.adjustment?.value ?? '0');
  if (amount.eq(0)) return undefined;
  return group(
    'AllowanceCharge',
    text('ChargeIndicator', String(amount.gt(0))),
    text('AllowanceChargeReason', amount.gt(0) ? 'Charge' : 'Discount'),
    money('Amount', amount.abs(), currency),
  );
}

function lineTaxCategory(line: InvoiceLine, vat: readonly VatRow[]): Maybe {
  const rate = line.rate;
  if (!rate) return undefined;
  const row = vat.find((v) => new Big(v.rate.value).eq(rate.value));
  const category = row?.category ?? (new Big(rate.value).eq(0) ? 'E' : 'S');
  return group(
    'ClassifiedTaxCategory',
    text('ID', category),
    category === 'O' ? undefined : text('Percent', new Big(rate.value).toFixed()),
    group('TaxScheme', text('ID', 'VAT')),
  );
}
