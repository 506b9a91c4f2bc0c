import axe from 'axe-core';
import type { Page } from 'playwright-core';

/** Colours are judged as they will stand on the screen: two frames after they were changed, and at once when they fade. */
const SETTLE = `new Promise((seen) => requestAnimationFrame(() => requestAnimationFrame(() => seen()))).then(() => {
  for (const animation of document.getAnimations())
    if (Number.isFinite(animation.effect.getComputedTiming().endTime)) animation.finish();
})`;

/** Which of axe's rules are asked; none named: all that it asks by itself. */
export type AxeRules =
  | { readonly tags: readonly string[] }
  | { readonly rules: readonly string[] }
  | Record<string, never>;

/**
 * What axe finds against the page as it stands, as `rule: element`. Runs within the page, so that what it costs is
 * the looking: axe is brought there once.
 */
export async function axeFindings(page: Page, asked: AxeRules = {}): Promise<readonly string[]> {
  await page.evaluate(SETTLE);
  if (!(await page.evaluate<boolean>('"axe" in window'))) await page.evaluate(axe.source);
  const options = { resultTypes: ['violations'], ...onlyThese(asked) };
  // An iframe is another document, which axe would have to be brought to.
  const context = { exclude: [['iframe']] };
  return page.evaluate<readonly string[]>(
    `axe.run(${JSON.stringify(context)}, ${JSON.stringify(options)}).then(({ violations }) =>
      violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(' ')))`,
  );
}

function onlyThese(asked: AxeRules): { runOnly?: { type: string; values: readonly string[] } } {
  if ('tags' in asked) return { runOnly: { type: 'tag', values: asked.tags } };
  if ('rules' in asked) return { runOnly: { type: 'rule', values: asked.rules } };
  return {};
}
