import type { Page, TextOptions } from './page.ts';
import { put } from './page.ts';

/** The places of the cells of a row: the right edge of a figure, the left edge of a text. */
export type Places = readonly (readonly [x: number, align: NonNullable<TextOptions['align']>])[];

/** Prints a row of cells at the page's current place and goes on below it. */
export function cells(
  page: Page,
  places: Places,
  texts: readonly string[],
  options: TextOptions & { step?: number } = {},
): void {
  texts.forEach((text, i) => {
    const [x = 0, align = 'left'] = places[i] ?? [];
    put(page, text, { ...options, x, align, y: page.y });
  });
  page.y += options.step ?? page.look.size * 1.7;
}
