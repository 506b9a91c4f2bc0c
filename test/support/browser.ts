import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

const EXECUTABLE = '/usr/bin/chromium';
/** Of each step, only against what hangs. */
const STEP_LIMIT_MS = 100_000;

/** What a window has around its page, which nobody sees here: each would be a process for every page. */
const AROUND_THE_PAGE = [
  'InitialWebUI',
  'PreloadTopChromeWebUI',
  'SpareRendererForSitePerProcess',
  'WebUIOmniboxAimPopup',
  'WebUIOmniboxFullPopup',
  'WebUIOmniboxPopup',
  'WebUIReloadButton',
  'WebUIToolbar',
];
/** What Playwright turns off: Chromium takes the last list that it is given. */
const BY_PLAYWRIGHT = [
  'AimEnabled',
  'AvoidCorsURLLoaderRestartOnRedirect',
  'AvoidUnnecessaryBeforeUnloadCheckSync',
  'DestroyProfileOnBrowserClose',
  'HttpsFirstBalancedModeAutoEnable',
  'HttpsUpgrades',
  'LensOverlay',
  'MediaRouter',
  'NetworkTimeServiceQuerying',
  'OptimizationHints',
  'PaintHolding',
  'PreconnectToSearch',
  'ThirdPartyStoragePartitioning',
];

/** Debian's Chromium, headless, that talks to nobody but the pages it is sent to. */
export async function launchBrowser(): Promise<Browser> {
  if (!existsSync(EXECUTABLE))
    throw new Error(`${EXECUTABLE} is missing; install it: apt-get install -y chromium`);
  const browser = await chromium.launch({
    executablePath: EXECUTABLE,
    timeout: STEP_LIMIT_MS,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // A colour that is on its way to another is neither: axe would judge what nobody sees for long.
      '--force-prefers-reduced-motion',
      `--disable-features=${[...BY_PLAYWRIGHT, ...AROUND_THE_PAGE].join(',')}`,
    ],
  });
  return browser.on('context', (context) => context.setDefaultTimeout(STEP_LIMIT_MS));
}
