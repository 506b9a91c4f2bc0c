import { z } from 'zod';

const COLOUR = /^#[0-9a-f]{6}$/i;
const LANGUAGE = /^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$/;

const colour = (standard: string): z.ZodDefault<z.ZodString> =>
  z.string().regex(COLOUR, 'expected a colour such as "#3552d9"').default(standard);

/** How the pages look and which languages they speak. */
export const pagesConfig = z
  .strictObject({
    name: z
      .string()
      .min(1)
      .max(60)
      .default('Latchkey')
      .describe('The name of the product or company, on every page.'),
    logo: z
      .string()
      .refine(isLogo, 'expected an https URL or the name of a file in the theme folder’s assets')
      .default('logo.svg')
      .describe('An https URL, or the name of a file in the assets of the theme folder.'),
    colours: z
      .strictObject({
        accent: colour('#3552d9').describe('Buttons, links and focus.'),
        accentDark: colour('#7c93ff').describe('The same in dark mode.'),
      })
      .prefault({})
      .describe('Colours; text on them and links in them are adjusted until they can be read.'),
    css: z.string().min(1).optional().describe('A stylesheet that every page loads last.'),
    themeFolder: z
      .string()
      .min(1)
      .optional()
      .describe('A folder whose templates, locales and assets come before the built-in ones.'),
    languages: z
      .array(z.string().regex(LANGUAGE, 'expected a language such as "en" or "pt-BR"'))
      .default([])
      .describe(
        'Languages offered, the default first, of en, de, es, fr, ja, pt and those of the theme folder; empty: all of them, English first.',
      ),
  })
  .prefault({});

function isLogo(text: string): boolean {
  return /^[\w.-]+$/.test(text) || URL.parse(text)?.protocol === 'https:';
}
