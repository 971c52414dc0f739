/**
 * Links between the texts of a result and the values that they may come from, in both directions. Numbers are
 * indexes.
 */
export interface ValueLinks {
  readonly valuesOfText: readonly (readonly number[])[];
  readonly textsOfValue: readonly (readonly number[])[];
}

/**
 * Links the texts of a result with the values that were read. A result does not state the origin of its texts, so
 * equal texts are linked. If both sides have equally many, they are linked one to one in order. Otherwise each is
 * linked with all equal texts of the other side.
 */
export function linkValues(texts: readonly string[], values: readonly string[]): ValueLinks {
  const valuesOfText: number[][] = texts.map(() => []);
  const textsOfValue: number[][] = values.map(() => []);
  const byKey = placesByKey(values);
  for (const [key, textPlaces] of placesByKey(texts)) {
    const valuePlaces = byKey.get(key) ?? [];
    const paired = textPlaces.length === valuePlaces.length;
    textPlaces.forEach((text, index) => {
      for (const value of paired ? valuePlaces.slice(index, index + 1) : valuePlaces) {
        valuesOfText[text]?.push(value);
        textsOfValue[value]?.push(text);
      }
    });
  }
  return { valuesOfText, textsOfValue };
}

function placesByKey(texts: readonly string[]): Map<string, number[]> {
  const places = new Map<string, number[]>();
  texts.forEach((text, index) => {
    const key = keyOf(text);
    if (key !== '') places.set(key, [...(places.get(key) ?? []), index]);
  });
  return places;
}

/**
 * Equal keys for equal values: `12.50` and `12.5` are one amount, `PT501234567` and `501234567` one number. Blanks
 * make no difference.
 */
function keyOf(text: string): string {
  const plain = text.trim().replace(/\s+/g, ' ').toLowerCase();
  if (/^-?\d{1,12}([.]\d+)?$/.test(plain) && !/^0\d/.test(plain)) return String(Number(plain));
  const number = /^[a-z]{2}(\d{6,})$/.exec(plain)?.[1];
  return number ?? plain;
}
