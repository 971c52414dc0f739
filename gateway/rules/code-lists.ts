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

/** ISO 3166-1 alpha-2, with 1A for Kosovo and XI for Northern Ireland, as the standard's code list has them. */
export const COUNTRIES: ReadonlySet<string> =
  codes(`1A AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
  CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR
  GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP
  KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT
  MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW
  SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ
  UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XI YE YT ZA ZM ZW`);

/** UN/ECE Recommendation 20: the codes of units in use that do not have the form of `FAMILY` below. */
const NAMED: ReadonlySet<string> =
  codes(`10 11 13 14 15 20 21 22 23 24 25 27 28 33 34 35 37 38 40 41 56 57 58 59 60 61 74 77 80 81 85 87 89 91
  1I 2A 2B 2C 2G 2H 2I 2J 2K 2L 2M 2N 2P 2Q 2R 2U 2X 2Y 2Z 3B 3C 4C 4G 4H 4K 4L 4M 4N 4O 4P 4Q 4R 4T 4U 4W 4X 5A 5B 5E 5J
  A2 A3 A4 A5 A6 A7 A8 A9 AA AB ACR ACT AD AE AH AI AK AL AMH AMP ANN APZ AQ AS ASM ASU ATM AWG AY AZ
  B1 B3 B4 B7 B8 BAR BB BFT BHP BIL BLD BLL BP BPM BQL BTU BUA BUI C0 C3 C7 C8 C9 CCT CDL CEL CEN CG CGM CKG CLF CLT CMK
  CMQ CMT CNP CNT COU CTG CTM CTN CUR CWA CWI D1 D2 D5 D6 DAA DAD DAY DB DBM DBW DD DEC DG DJ DLT DMA DMK DMO DMQ
  DMT DN DPC DPR DPT DRA DRI DRL DT DTN DWT DZN DZP E4 EA EB EQ FAH FAR FBM FC FF FH FIT FL FNU FOT FP FR FS FTK FTQ
  G2 G3 GB GBQ GDW GE GF GFI GGR GIA GIC GII GIP GJ GL GLD GLI GLL GM GO GP GQ GRM GRN GRO GV GWH HA HAD HBA HBX
  HC HDW HEA HGM HH HIU HKM HLT HM HMO HMQ HMT HPA HTZ HUR HWE IA IE INH INK INQ ISD IU IUG IV J2 JE JK JM JNT JOU JPS JWL
  K1 K2 K3 K6 KA KAT KB KBA KCC KDW KEL KGM KGS KHY KHZ KI KIC KIP KJ KJO KL KLK KLX KMA KMH KMK KMQ KMT KNI KNM KNS
  KNT KO KPA KPH KPO KPP KR KSD KSH KT KTN KUR KVA KVR KVT KW KWH KWN KWO KWS KWT KWY KX L2 LA LAC LBR LBT LD LEF LF LH LK
  LM LN LO LP LPA LR LS LTN LTR LUB LUM LUX LY M1 M4 M5 M7 M9 MAH MAL MAM MAR MAW MBE MBF MBR MC MCU MD MGM MIL MHZ MIK MIN
  MIO MIU MKD MKM MKW MLD MLT MMK MMQ MMT MND MNJ MON MPA MQD MQH MQM MQS MQW MRD MRM MRW MSK MTK MTQ MTR MTS MTZ MVA MWH
  N1 N3 NA NAR NCL NEW NF NIL NIU NL NM3 NMI NMP NPT NT NTU NU NX OA ODE ODG ODK ODM OHM ON ONZ OPM OT OZA OZI P1 P2 P5
  PAL PD PFL PGL PI PLA PO PQ PR PS PTD PTI PTL PTN Q3 QA QAN QB QR QTD QTI QTL QTR R1 R9 RH RM ROM RP RPM RPS RT S3 S4 SAN
  SCO SCR SEC SET SG SIE SM3 SMI SQ SQR SR STC STI STK STL STN STW SW SX SYR T0 T3 TAH TAN TI TIC TIP TKM TMS TNE TP TPI
  TPR TQD TRL TST TTS U1 U2 UB UC VA VLT VP W2 WA WB WCD WE WEB WEE WG WHR WM WSD WTT X1 YDK YDQ YRD Z11 Z9 ZP ZZ`);

/**
 * Matches codes of a letter and two digits, as Recommendation 20 has many. For example, C62 means "one", and H87
 * means "piece".
 */
const FAMILY = /^[A-HJ-NPQ]\d\d$/;
/** Codes of Recommendation 21 for kinds of packages, with an X in front: XBX is a box. */
const PACKAGE = /^X(?:\d[A-Z]|[A-Z]{2}|[BOPT]\d|4[34])$/;

/**
 * True for a code of UN/ECE Recommendation 20, or of Recommendation 21 with an X in front. A family is recognised by
 * its form.
 */
export function isUnit(code: string): boolean {
  return NAMED.has(code) || FAMILY.test(code) || PACKAGE.test(code);
}
