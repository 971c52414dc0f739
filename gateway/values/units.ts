/** Codes of UN/ECE Recommendation 20 and 21 for units as printed on invoices, without accents and dots. */
const UNIT_CODES: Readonly<Record<string, string>> = {
  un: 'C62', uni: 'C62', und: 'C62', unid: 'C62', unidade: 'C62', unidades: 'C62', u: 'C62', unit: 'C62', units: 'C62',
  ud: 'C62', uds: 'C62', unidad: 'C62', unite: 'C62', unites: 'C62', anzahl: 'C62', stk: 'H87', stuck: 'H87', stck: 'H87', st: 'H87',
  pc: 'H87', pcs: 'H87', pce: 'H87', piece: 'H87', pieces: 'H87', pz: 'H87', pezzi: 'H87', pieza: 'H87', pecas: 'H87', peca: 'H87',
  each: 'EA', ea: 'EA', par: 'PR', pair: 'PR', paar: 'PR', dz: 'DZN', duzia: 'DZN', set: 'SET', kit: 'KT', jogo: 'SET',
  kg: 'KGM', kgs: 'KGM', quilo: 'KGM', g: 'GRM', gr: 'GRM', t: 'TNE', ton: 'TNE', to: 'TNE',
  m: 'MTR', mt: 'MTR', mts: 'MTR', ml: 'MTR', metro: 'MTR', metros: 'MTR', meter: 'MTR', cm: 'CMT', mm: 'MMT', km: 'KMT',
  m2: 'MTK', 'm²': 'MTK', qm: 'MTK', m3: 'MTQ', 'm³': 'MTQ', l: 'LTR', lt: 'LTR', lts: 'LTR', litre: 'LTR', litres: 'LTR', liters: 'LTR', litro: 'LTR', litros: 'LTR', liter: 'LTR', cl: 'CLT',
  h: 'HUR', hr: 'HUR', hrs: 'HUR', hora: 'HUR', horas: 'HUR', hour: 'HUR', hours: 'HUR', std: 'HUR', stunde: 'HUR', stunden: 'HUR', heure: 'HUR', heures: 'HUR', ora: 'HUR', ore: 'HUR',
  d: 'DAY', dia: 'DAY', dias: 'DAY', day: 'DAY', days: 'DAY', tag: 'DAY', tage: 'DAY', jour: 'DAY', jours: 'DAY', giorno: 'DAY', giorni: 'DAY',
  mes: 'MON', meses: 'MON', month: 'MON', months: 'MON', monat: 'MON', monate: 'MON', mois: 'MON', mese: 'MON',
  ano: 'ANN', anos: 'ANN', year: 'ANN', years: 'ANN', jahr: 'ANN', an: 'ANN', min: 'MIN', sem: 'WEE', semana: 'WEE', week: 'WEE', woche: 'WEE',
  cx: 'XBX', caixa: 'XBX', caixas: 'XBX', box: 'XBX', karton: 'XCT', ctn: 'XCT', pal: 'XPX', palete: 'XPX', pack: 'XPK', pk: 'XPK', emb: 'XPK', rolo: 'XRO', rl: 'XRO',
  saco: 'XBG', sc: 'XBG', garrafa: 'XBO', gf: 'XBO', frasco: 'XBO', lata: 'XCA', folha: 'XST', kwh: 'KWH', mwh: 'MWH', vg: 'LS', psch: 'LS', pauschal: 'LS', serv: 'E48', servico: 'E48', pax: 'IE',
}; // prettier-ignore

/** The unit "one", for a unit that is unknown or not printed. */
const UNSPECIFIED = 'C62';

/** Units of time, weight, length, area, volume and energy. Pieces and boxes are not measures. */
const MEASURES = new Set(['KGM', 'GRM', 'TNE', 'MTR', 'CMT', 'MMT', 'KMT', 'MTK', 'MTQ', 'LTR', 'CLT', 'HUR', 'DAY', 'MON', 'ANN', 'MIN', 'WEE', 'KWH', 'MWH']); // prettier-ignore

/** True for a word that names a measure. */
export function isMeasure(word: string): boolean {
  return word.length > 1 && MEASURES.has(unitCode(word));
}

/** The code of a printed unit, which may be a code already. It is `C62` if the unit is unknown or not printed. */
export function unitCode(printed: string | undefined): string {
  if (printed === undefined) return UNSPECIFIED;
  const known = UNIT_CODES[keyOfUnit(printed)];
  if (known !== undefined) return known;
  return /^(?:C62|H87|EA|KGM|GRM|TNE|MTR|MTK|MTQ|LTR|HUR|DAY|MON|ANN|LS|SET|XBX|XPP|NAR|KWH|MIN|WEE)$/.test(
    printed,
  )
    ? printed
    : UNSPECIFIED;
}

/** True for a printed unit that is unknown, so that it becomes "one". */
export function isUnknownUnit(printed: string): boolean {
  return unitCode(printed) === UNSPECIFIED && printed !== UNSPECIFIED && !isUnit(printed);
}

/** True for a word that invoices print as a unit. */
export function isUnit(word: string): boolean {
  return Object.hasOwn(UNIT_CODES, keyOfUnit(word));
}

function keyOfUnit(printed: string): string {
  return printed
    .normalize('NFD')
    .replace(/[\u0300-\u036f.]/g, '')
    .toLowerCase()
    .trim();
}
