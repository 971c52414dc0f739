/** Labels of a street in an address, by key. */
export const STREET: ReadonlySet<string> = new Set([
  'anschrift', 'adresse', 'address', 'morada', 'direccion', 'indirizzo', 'strasse', 'street', 'rua',
]); // prettier-ignore

/** Labels of an address in a list of labels and values. */
export const ADDRESS: ReadonlySet<string> = new Set([
  ...STREET,
  'domicilio',
  'domicile',
  'domiciliofiscal',
  'moradafiscal',
  'sede',
  'siege',
]);

/** Labels of a postal code on a line of its own. */
export const POST_CODE: ReadonlySet<string> = new Set([
  'codpostal', 'codigopostal', 'postcode', 'postalcode', 'zip', 'zipcode', 'plz', 'postleitzahl', 'codepostal', 'cp', 'cap',
]); // prettier-ignore

/** Labels of a town, with or without its postal code. */
export const TOWN: ReadonlySet<string> = new Set([
  'localidade', 'cidade', 'town', 'city', 'ort', 'stadt', 'plzort', 'ville', 'localidad', 'poblacion', 'ciudad', 'citta', 'localita', 'comune', 'codpostallocalidade',
]); // prettier-ignore
