const STEPS = [1, 2, 2.5, 5, 10] as const;

/** Round values from 0 for the marks of an axis up to `highest`. The last value is at least `highest`. */
export function ticksOf(highest: number, wanted = 3): number[] {
  if (highest <= 0) return [0, 1];
  const rough = highest / wanted;
  const decade = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, (STEPS.find((each) => each * decade >= rough) ?? 10) * decade);
  const whole = Number.isInteger(step) ? step : Math.ceil(step);
  const count = Math.ceil(highest / whole);
  return Array.from({ length: count + 1 }, (_, index) => index * whole);
}

/** The line through the existing values, as the `d` of a path. It is interrupted where a value is missing. */
export function linePath(values: readonly (number | null)[], highest: number, height: number): string {
  let pen = 'M';
  const parts: string[] = [];
  values.forEach((value, index) => {
    if (value === null) {
      pen = 'M';
      return;
    }
    const y = height - (value / highest) * height;
    // A point without neighbours is drawn as a short line, because a single point would be invisible.
    const alone = pen === 'M' && (values[index + 1] ?? null) === null;
    parts.push(`${pen}${index + 0.5} ${round(y)}`);
    if (alone) parts.push(`h0.01`);
    pen = 'L';
  });
  return parts.join('');
}

export interface Bar {
  readonly index: number;
  readonly series: number;
  readonly y: number;
  readonly height: number;
}

/** Returns stacked bars without bars of zero height. */
export function stackedBars(
  series: readonly (readonly (number | null)[])[],
  highest: number,
  height: number,
): Bar[] {
  const bars: Bar[] = [];
  const length = series[0]?.length ?? 0;
  for (let index = 0; index < length; index += 1) {
    let below = 0;
    series.forEach((values, which) => {
      const value = values[index] ?? 0;
      if (value <= 0) return;
      const tall = (value / highest) * height;
      bars.push({ index, series: which, y: round(height - below - tall), height: round(tall) });
      below += tall;
    });
  }
  return bars;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
