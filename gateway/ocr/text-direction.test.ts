import { describe, expect, it } from '@jest/globals';
import { choices } from '../../tests/rooms/gateway/random.ts';
import type { Ink } from '../pdf/image-ink.ts';
import { rasterOf } from './page-raster.ts';
import { directionOf } from './text-direction.ts';
import { sidesOf, toPage } from './upright.ts';

const page = { width: 595, height: 842 };

/** Makes grey lines of words of different lengths, as a page of text looks at low resolution. */
function lines(): Ink {
  const random = choices(7);
  const gray = new Uint8Array(page.width * page.height).fill(250);
  for (let top = 60; top < page.height - 60; top += 14)
    for (let left = 60; left < 540 && random.chance(0.97);) {
      const width = random.whole(8, 45);
      for (let y = top; y < top + 6; y += 1)
        gray.fill(40, y * page.width + left, y * page.width + left + width);
      left += width + 5;
    }
  return { gray, ...page };
}

/** Makes the page as it is scanned when it lies turned by `degrees`, clockwise. */
function scanned(degrees: number): Ink {
  const matrix = [page.width, 0, 0, -page.height, 0, page.height] as const;
  const sides = sidesOf(page, Math.abs(Math.round(degrees / 90)) % 2 === 1 ? 1 : 0);
  return rasterOf([{ ink: lines(), matrix }], sides, toPage(page, sides, (-degrees * Math.PI) / 180));
}

describe('the direction of text on a scan', () => {
  it.each([0, 0.4, -1.3, 2.6, -4.8])('finds a skew of %d degrees', (degrees) => {
    const { turns, skew } = directionOf(scanned(degrees))!;
    expect([0, 2]).toContain(turns[0]);
    expect(Math.abs((skew * 180) / Math.PI - degrees)).toBeLessThan(0.15);
  });

  it.each([90, 91.2, 268.5])('tells lines that run up or down the page, turned by %d degrees', (degrees) => {
    const { turns, skew } = directionOf(scanned(degrees))!;
    expect([1, 3]).toContain(turns[0]);
    expect(Math.abs((skew * 180) / Math.PI - (degrees - Math.round(degrees / 90) * 90))).toBeLessThan(0.15);
  });

  it('sees no text in the grain of a paper', () => {
    const random = choices(3);
    const gray = Uint8Array.from({ length: page.width * page.height }, () => random.whole(235, 251));
    expect(directionOf({ gray, ...page })).toBeUndefined();
  });
});
