import type { Language } from './wording.ts';

type InEach = Readonly<Record<Language, string>>;

/** What a business says of itself under its brand. */
export const SLOGANS: InEach = {
  pt: 'Qualidade desde 1987',
  en: 'Serving the trade since 1987',
  de: 'Ihr Partner seit 1987',
  fr: 'Le savoir-faire depuis 1987',
  es: 'Calidad desde 1987',
  it: 'Qualità dal 1987',
};

/** Whom in a company a letter is for. */
export const ATTENTION: InEach = {
  pt: 'A/C Departamento Financeiro',
  en: 'FAO Accounts Payable',
  de: 'z. Hd. Buchhaltung',
  fr: 'À l’attention du service comptabilité',
  es: 'A la atención de Contabilidad',
  it: 'c.a. Ufficio Contabilità',
};

/** A second address of the seller. */
export const BRANCHES: InEach = {
  pt: 'Sede: Rua das Oliveiras, 3, 3000-101 Coimbra',
  en: 'Registered office: 9 Castle Street, Norwich NR1 3DD',
  de: 'Niederlassung: Hafenstraße 7, 24103 Kiel',
  fr: 'Siège social : 3 rue des Oliviers, 06000 Nice',
  es: 'Domicilio social: Calle Olivos, 3, 30001 Murcia',
  it: 'Sede legale: Via degli Ulivi 3, 50122 Firenze',
};

/** An address that goods are brought to, which is not the buyer's. */
export const WAREHOUSES: Readonly<Record<Language, readonly string[]>> = {
  pt: ['Armazém Central', 'Zona Industrial, lote 14', '2400-441 Leiria'],
  en: ['Central Warehouse', '18 Dock Road', 'Hull HU1 2AB'],
  de: ['Zentrallager Süd', 'Lagerstraße 14', '86150 Augsburg'],
  fr: ['Entrepôt central', '14 rue du Dépôt', '21000 Dijon'],
  es: ['Almacén central', 'Calle Depósito, 14', '09001 Burgos'],
  it: ['Magazzino centrale', 'Via del Deposito 14', '43121 Parma'],
};

/** The title of the first page's slip that comes back with the money. */
export const SLIPS: InEach = {
  pt: 'Talão de pagamento',
  en: 'Remittance advice',
  de: 'Zahlungsbeleg',
  fr: 'Coupon de règlement',
  es: 'Cupón de pago',
  it: 'Cedola di pagamento',
};

/** What is owed from before, and what came in. */
export const BALANCES: Readonly<Record<Language, readonly [before: string, received: string]>> = {
  pt: ['Saldo anterior', 'Pagamento recebido'],
  en: ['Previous balance', 'Payment received'],
  de: ['Saldo der letzten Rechnung', 'Zahlungseingang'],
  fr: ['Solde précédent', 'Paiement reçu'],
  es: ['Saldo anterior', 'Pago recibido'],
  it: ['Saldo precedente', 'Pagamento ricevuto'],
};

/** A discount for paying early: `{rate}`, `{date}`, `{amount}`. */
export const EARLY: InEach = {
  pt: 'Pagando até {date} desconto de {rate} %: {amount}',
  en: 'If paid by {date}, less {rate} % discount: {amount}',
  de: 'Bei Zahlung bis {date} abzüglich {rate} % Skonto: {amount}',
  fr: 'Pour un règlement avant le {date}, escompte de {rate} % : {amount}',
  es: 'Pagando antes del {date}, {rate} % de descuento: {amount}',
  it: 'Pagando entro il {date}, sconto del {rate} %: {amount}',
};
