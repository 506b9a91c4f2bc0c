import { expect } from 'vitest';

const ATTEMPTS = 3;

/**
 * Expects that what `measure` gives by name differs by less than the factor `most`. A difference that is there shows
 * every time; one that the machine made does not.
 */
export async function expectAlike(
  most: number,
  measure: () => Promise<Readonly<Record<string, number>>>,
): Promise<void> {
  const seen: string[] = [];
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const costs = await measure();
    const values = Object.values(costs);
    if (Math.max(...values) < most * Math.min(...values)) return;
    seen.push(JSON.stringify(costs));
  }
  expect.fail(seen.join(' '));
}
