/** A colour as `#rrggbb`. */
export type Colour = string;

const WHITE = '#ffffff';
const BLACK = '#000000';
/** The contrast that small text needs (WCAG 2.2, success criterion 1.4.3). */
const CONTRAST_MIN = 4.5;
const STEPS = 50;

/** White or black, whichever reads better on `background`; one of them always reads well enough. */
export function textOn(background: Colour): Colour {
  return contrast(WHITE, background) >= contrast(BLACK, background) ? WHITE : BLACK;
}

/** `colour` as it is, or moved towards black or white by as little as makes it readable on `background`. */
export function readableOn(colour: Colour, background: Colour): Colour {
  const goal = luminance(background) > 0.18 ? BLACK : WHITE;
  for (let step = 0; step < STEPS; step += 1) {
    const moved = mix(colour, goal, step / STEPS);
    if (contrast(moved, background) >= CONTRAST_MIN) return moved;
  }
  return goal;
}

/** From 1, the same, to 21, black on white (WCAG 2.2, "contrast ratio"). */
export function contrast(one: Colour, other: Colour): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour: Colour): number {
  const [red = 0, green = 0, blue = 0] = channels(colour).map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function mix(colour: Colour, goal: Colour, share: number): Colour {
  const to = channels(goal);
  const mixed = channels(colour).map((value, index) =>
    Math.round(value + ((to[index] ?? 0) - value) * share),
  );
  return `#${mixed.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
}

function channels(colour: Colour): readonly number[] {
  return [1, 3, 5].map((start) => Number.parseInt(colour.slice(start, start + 2), 16));
}
