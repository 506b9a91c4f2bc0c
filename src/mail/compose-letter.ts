import type { Renderer, TextRenderer } from '../http/renderer.ts';
import { harmlessName } from './harmless-name.ts';
import { plainTextOf } from './plain-text.ts';
import type { LetterContent } from './sealed-content.ts';
import { TEXT_MESSAGE } from './text-messages.ts';

/** A letter as it leaves. */
export interface Message {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** Where it leads, and the code in it; empty: it has none. */
  readonly link: string;
  readonly code: string;
}

/** What letters are written with. */
export interface Stationery {
  readonly renderer: Renderer;
  readonly texts: TextRenderer;
}

const SUBJECT_MAX = 150;
/** What people, devices or clients chose to say. */
const NAMES = ['clientName', 'inviter', 'organization', 'device', 'message'];

/**
 * A text message as it is; else renders `views/mail/<name>.liquid` three times, each time in another layout: as the subject, as text, as HTML. Words of the operator's own
 * stand in place of what they are for.
 *
 * @throws what the template engine throws, for a template of the theme that reads what is not there.
 */
export async function composeLetter(
  { name, content }: { readonly name: string; readonly content: LetterContent },
  { renderer, texts }: Stationery,
): Promise<Message> {
  if (name === TEXT_MESSAGE) return textMessage(content);
  const { languages, own = {} } = content;
  const data = templateData(content);
  const template = `mail/${name}`;
  const inLayout = (layout: string): object => ({ ...data, layout: `layouts/mail-${layout}` });
  const [subject, text, html] = await Promise.all([
    texts.renderText(template, inLayout('subject'), languages),
    texts.renderText(template, inLayout('text'), languages),
    renderer.render(template, inLayout('html'), languages),
  ]);
  return {
    subject: (own.subject ?? subject).replaceAll(/\s+/g, ' ').trim().slice(0, SUBJECT_MAX),
    text: `${(own.html === undefined ? text : plainTextOf(own.html)).replaceAll(/\n{3,}/g, '\n\n').trim()}\n`,
    html: own.html ?? html,
    link: data.link,
    code: data.code,
  };
}

/** Its words are all there is. */
function textMessage({ data }: LetterContent): Message {
  const text = String(data['text']);
  return { subject: text, text, html: '', link: '', code: String(data['code']) };
}

/** One line under the first words of a letter: what the layouts list. */
interface Fact {
  readonly label: string;
  /** NumericDate; 0: `text` says it. */
  readonly at: number;
  readonly text: string;
}

interface TemplateData extends Readonly<Record<string, unknown>> {
  readonly link: string;
  readonly code: string;
  readonly facts: readonly Fact[];
}

/** The letter's own data, and what every layout reads. */
function templateData({ data }: LetterContent): TemplateData {
  const harmless = Object.fromEntries(
    Object.entries(data).map(([key, value]) => [
      key,
      NAMES.includes(key) ? harmlessName(String(value)) : value,
    ]),
  );
  const { url, undoUrl, notMeUrl, code } = data;
  return {
    ...harmless,
    link: String(url ?? undoUrl ?? notMeUrl ?? ''),
    code: String(code ?? ''),
    facts: factsOf(harmless),
  };
}

function factsOf(data: Readonly<Record<string, string | number>>): readonly Fact[] {
  if (data['what'] === undefined) return [];
  const said = ['device', 'address'].map((label) => ({
    label,
    at: 0,
    text: String(data[label] ?? ''),
  }));
  return [
    { label: 'at', at: Number(data['at']), text: '' },
    ...said.filter(({ text }) => text !== ''),
  ];
}
