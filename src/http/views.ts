import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Liquid } from 'liquidjs';
import { z } from 'zod';
import { LatchkeyError } from '../runtime/errors.ts';
import { createAssets, readAssets, type Assets } from './assets.ts';
import { readCatalogs, type Catalog } from './catalog.ts';
import { textOn } from './colours.ts';
import { chooseLanguage } from './languages.ts';
import type { Renderer, TextRenderer } from './renderer.ts';
import { themeStylesheet, type Theme } from './theme.ts';

/** What pages are made of: templates, texts, files. */
export interface Views {
  readonly renderer: Renderer;
  readonly texts: TextRenderer;
  readonly assets: Assets;
  /** Origins beside ours that every page shows an image of: that of the theme's logo. */
  readonly imageOrigins: readonly string[];
  /** The languages offered, the default first. */
  readonly languages: readonly string[];
  /** Reads all of them now, and not when each is first asked for. @throws {InvalidCatalog} */
  prepare(): void;
}

export interface ViewsOptions {
  /** The folder with our own templates, `locales` and `assets`. */
  readonly folder: string;
  readonly theme: Theme;
  /** Languages to offer, the default first; each needs a catalog. Empty: all there are, English first. */
  readonly languages: readonly string[];
}

/** The theme or the languages name what is not there. */
export class ViewsIncomplete extends LatchkeyError {
  readonly code = 'ERR_VIEWS_INCOMPLETE';
}

const SECOND_MS = 1000;
const NO_PARAMETERS: ReadonlyMap<string, string | number> = new Map();
const parameters = z.array(z.tuple([z.string(), z.union([z.string(), z.number()])]));

/**
 * Templates come from the theme's folder where it has the file, else from ours.
 *
 * @throws {ViewsIncomplete} when a language has no catalog, or the theme names a file that is not there.
 */
export async function openViews({ folder, theme, languages }: ViewsOptions): Promise<Views> {
  // The theme last: what comes later wins. Templates are looked up the other way round.
  const folders = theme.folder === undefined ? [folder] : [folder, theme.folder];
  const catalogs = await readCatalogs(folders.map((one) => join(one, 'locales')));
  const offered = offer(catalogs, languages);
  const assets = createAssets(await assetSources(folders, theme));
  const logo = logoUrl(theme, assets);

  const roots = folders.toReversed();
  const tags = offered.map(({ language }) => language);
  const enginesFor = (escape: boolean): ((language: string) => Liquid) =>
    createEngines(offered, (catalog) =>
      createEngine({ roots, catalog, assets, theme, logo, escape }),
    );
  const [pages, plain] = [enginesFor(true), enginesFor(false)];
  function render(
    engines: typeof pages,
    name: string,
    data: object,
    wanted: readonly string[],
  ): string {
    const engine = engines(chooseLanguage(wanted, tags) ?? tags[0] ?? '');
    // Templates are read once and wait for nothing; a promise for each of their nodes costs half as much again.
    return String(engine.renderFileSync(name, data));
  }
  return {
    assets,
    languages: tags,
    imageOrigins: URL.canParse(theme.logo) ? [new URL(theme.logo).origin] : [],
    renderer: {
      render: async (name, data, wanted) => render(pages, name, data, wanted),
    },
    prepare() {
      for (const tag of tags) for (const engines of [pages, plain]) engines(tag);
    },
    texts: { renderText: async (name, data, wanted) => render(plain, name, data, wanted) },
  };
}

/** An engine for each language, made when it is first asked for. */
function createEngines(
  catalogs: readonly Catalog[],
  make: (catalog: Catalog) => Liquid,
): (language: string) => Liquid {
  const made = new Map<string, Liquid>();
  return (language) => {
    const known = made.get(language);
    if (known) return known;
    const catalog = catalogs.find((one) => one.language === language);
    if (catalog === undefined) throw new TypeError('a language without a catalog');
    const engine = make(catalog);
    made.set(language, engine);
    return engine;
  };
}

interface EngineOptions {
  readonly roots: readonly string[];
  readonly catalog: Catalog;
  readonly assets: Assets;
  readonly theme: Theme;
  readonly logo: string;
  /** Whether what comes out is HTML. */
  readonly escape: boolean;
}

/** One for each language, so that `t` is a plain function of the message's key. */
function createEngine({ roots, catalog, assets, theme, logo, escape }: EngineOptions): Liquid {
  const engine = new Liquid({
    root: [...roots],
    extname: '.liquid',
    cache: true,
    ...(escape && { outputEscape: 'escape' }),
    strictVariables: true,
    strictFilters: true,
    ownPropertyOnly: true,
    relativeReference: false,
    globals: {
      language: catalog.language,
      direction: catalog.direction(),
      product: {
        name: theme.name,
        logo,
        hasCss: theme.css !== undefined,
        // Letters have no stylesheet to take them from.
        accent: theme.colours.accent,
        onAccent: textOn(theme.colours.accent),
      },
    },
  });
  engine.registerFilter('t', (key: unknown, ...given: unknown[]) =>
    catalog.text(
      String(key),
      given.length === 0 ? NO_PARAMETERS : new Map(parameters.parse(given)),
    ),
  );
  engine.registerFilter(
    'before',
    (key: unknown, placeholder: unknown) => catalog.around(String(key), String(placeholder))[0],
  );
  engine.registerFilter(
    'after',
    (key: unknown, placeholder: unknown) => catalog.around(String(key), String(placeholder))[1],
  );
  engine.registerFilter('in-words', (words: unknown) => inWords(words, catalog.language));
  registerTimes(engine, catalog.language);
  engine.registerFilter('asset', (name: unknown) => {
    const path = assets.path(String(name));
    if (path === undefined) throw new ViewsIncomplete(`no asset ${String(name)}`);
    return path;
  });
  return engine;
}

/** Of a text of the configuration, or of one for each language: that of the reader, else the first. */
function inWords(words: unknown, language: string): string {
  if (typeof words === 'string') return words;
  const texts = new Map(Object.entries(z.record(z.string(), z.string()).parse(words)));
  const [first = ''] = texts.values();
  return texts.get(chooseLanguage([language], [...texts.keys()]) ?? '') ?? first;
}

/** Of a NumericDate: `instant` in full, for letters; `moment` short; `iso` for programs. */
function registerTimes(engine: Liquid, language: string): void {
  const written = (dateStyle: 'full' | 'medium'): ((seconds: unknown) => string) => {
    const format = new Intl.DateTimeFormat(language, {
      dateStyle,
      timeStyle: 'short',
      timeZone: 'UTC',
    });
    return (seconds) => `${format.format(Number(seconds) * SECOND_MS)} UTC`;
  };
  engine.registerFilter('instant', written('full'));
  // Where there is a script, the page says it in the time of whoever reads it.
  engine.registerFilter('moment', written('medium'));
  engine.registerFilter('iso', (seconds: unknown) =>
    new Date(Number(seconds) * SECOND_MS).toISOString(),
  );
}

function offer(
  catalogs: ReadonlyMap<string, Catalog>,
  languages: readonly string[],
): readonly Catalog[] {
  const tags = languages.length > 0 ? languages : [...new Set(['en', ...catalogs.keys()])];
  return tags.map((tag) => {
    const catalog = catalogs.get(tag);
    if (catalog === undefined) {
      const known = [...catalogs.keys()].join(', ');
      throw new ViewsIncomplete(`no catalog for the language ${tag}; there are: ${known}`);
    }
    return catalog;
  });
}

async function assetSources(
  folders: readonly string[],
  { colours, css }: Theme,
): ReturnType<typeof readAssets> {
  const files = await Promise.all(folders.map((folder) => readAssets(join(folder, 'assets'))));
  const stylesheet = { name: 'theme.css', content: Buffer.from(themeStylesheet(colours)) };
  const custom =
    css === undefined ? [] : [{ name: 'custom.css', content: await readStylesheet(css) }];
  return [...files.flat(), stylesheet, ...custom];
}

async function readStylesheet(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new ViewsIncomplete(`the stylesheet of the pages, ${file}, cannot be read`, {
      cause: error,
    });
  }
}

function logoUrl({ logo }: Theme, assets: Assets): string {
  if (URL.canParse(logo)) return logo;
  const path = assets.path(logo);
  if (path === undefined)
    throw new ViewsIncomplete(`the logo of the pages, ${logo}, is neither a URL nor an asset`);
  return path;
}
