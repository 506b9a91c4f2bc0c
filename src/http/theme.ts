import { readableOn, textOn, type Colour } from './colours.ts';

/** How the installation presents itself on every page. */
export interface Theme {
  /** The product's name, in titles and beside the logo. */
  readonly name: string;
  /** An absolute URL, or the name of an asset. */
  readonly logo: string;
  readonly colours: {
    /** `#rrggbb`: buttons, links, focus. */
    readonly accent: Colour;
    /** The same for dark mode. */
    readonly accentDark: Colour;
  };
  /** A stylesheet that every page loads last; undefined: none. */
  readonly css: string | undefined;
  /** Its `*.liquid`, `locales/*.yaml` and `assets/*` come before ours; undefined: none. */
  readonly folder: string | undefined;
}

/** The surfaces that text in the accent colour stands on; the same as in `views/assets/page.css`. */
const SURFACE = '#ffffff';
const SURFACE_DARK = '#17191f';

/** The custom properties by which `page.css` takes the theme's colours, corrected until they can be read. */
export function themeStylesheet({ accent, accentDark }: Theme['colours']): string {
  return [
    rule(accent, SURFACE),
    '@media (prefers-color-scheme: dark) {',
    rule(accentDark, SURFACE_DARK),
    '}',
    '',
  ].join('\n');
}

function rule(accent: Colour, surface: Colour): string {
  const properties = [
    `--accent: ${accent};`,
    `--on-accent: ${textOn(accent)};`,
    `--accent-text: ${readableOn(accent, surface)};`,
  ];
  return `:root { ${properties.join(' ')} }`;
}
