const codes = (list: string): ReadonlySet<string> => new Set(list.trim().split(/\s+/));

/** ISO 4217, the currencies, funds and metals in force. */
export const CURRENCIES = codes(`
  AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW
  CLF CLP CNH CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD
  HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL
  MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON
  RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STD SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX
  USD USN UYI UYU UYW UZS VED VES VND VUV WST XAF XAG XAU XBA XBB XBC XBD XCD XCG XDR XOF XPD XPF XPT XSU XTS XUA XXX
  YER ZAR ZMW ZWG`);

/** UNTDID 1001, documents that are an invoice. */
export const INVOICE_TYPES = codes(`
  71 80 81 82 84 102 130 202 203 204 211 218 219 295 325 326 331 380 382 383 384 385 386 387 388 389 390 393 394 395
  456 457 471 472 473 500 501 527 553 575 623 633 751 780 817 870 875 876 877 935`);

/** UNTDID 1001, documents that are a credit note. */
export const CREDIT_NOTE_TYPES = codes('81 83 261 262 296 308 381 396 420 458 502 503 532');

/** UNTDID 4461, means of payment. */
export const PAYMENT_MEANS: ReadonlySet<string> = new Set([
  ...[[1, 70], [74, 78], [91, 98]].flatMap(([from = 0, to = 0]) =>
    Array.from({ length: to - from + 1 }, (_, i) => String(from + i)),
  ),
  'ZZZ',
]); // prettier-ignore

/** UNTDID 5305, categories of VAT. L is for the Canaries, M for Ceuta and Melilla, B for Italy. */
export const VAT_CATEGORIES = codes('S Z E AE K G O L M B');

/** UNTDID 2005, events that decide the tax point. */
export const TAX_POINTS = codes('3 35 432');

/** UNTDID 5189, reasons of an allowance. */
export const ALLOWANCE_REASONS = codes('41 42 60 62 63 64 65 66 67 68 70 71 88 95 100 102 103 104 105');

const prefixed = (prefix: string, list: string): string[] => [...codes(list)].map((code) => prefix + code);

/**
 * Reasons for charging no VAT, from the European VATEX list: articles of the VAT directive, and general cases.
 * Capital and small letters are equal in these codes.
 */
export const EXEMPTION_REASONS: ReadonlySet<string> = new Set([
  ...prefixed('VATEX-EU-', 'AE D F G I IC J O 79-C 132 135-1 143 144 146-1E 148 151 153 159 309'),
  ...prefixed('VATEX-EU-132-1', 'A B C D E F G H I J K L M N O P Q'),
  ...prefixed('VATEX-EU-143-1', 'A B C D E F FA G H I J K L'),
  ...prefixed('VATEX-EU-148-', 'A B C D E F G'),
  ...prefixed('VATEX-EU-151-1', 'A AA B C D E'),
  ...prefixed('VATEX-FR-', 'FRANCHISE CNWVAT AE 298SEXDECIESA CGI261A CGI261B CGI275 CGI277A CGI295'),
  ...prefixed('VATEX-FR-CGI261', '-1 -2 -3 -4 -5 -7 -8 C-1 C-2 C-3 D-1 D-1BIS D-2 D-3 D-4 E-1 E-2'),
]);
