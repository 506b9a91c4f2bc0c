import type { z } from 'zod';
import {
  alternativesOf,
  childrenOf,
  itemsOf,
  kindOf,
  pathText,
  treeOf,
  type SchemaNode,
} from './schema-tree.ts';
import { typeWords } from './setting-words.ts';
import { variableName } from './variables.ts';

const HEAD = `# Configuration

Latchkey reads one YAML file: \`latchkey start --config latchkey.yaml\`, or the file that \`LATCHKEY_CONFIG\` names.
\`latchkey check\` tells every mistake at once, each with its line and column, prints the settings in force with secrets
masked, and says what would be insecure. [\`config/latchkey.example.yaml\`](../config/latchkey.example.yaml) has every setting at
its default; [\`config/schema.json\`](../config/schema.json) lets an editor complete and check a file:

\`\`\`yaml
# yaml-language-server: $schema=./schema.json
\`\`\`

**Environment.** Any setting can come from a variable: \`LATCHKEY_\` and its path in upper snake case, so
\`http.trustedProxies\` is \`LATCHKEY_HTTP_TRUSTED_PROXIES\`. Variables win over the file. A text stands as it is, a list is \`a, b\`
or \`[a, b]\`, anything else is YAML. A \`LATCHKEY_\` variable that no setting has is a mistake.

**Secrets** are never in the file but where it points: \`{ file: /run/secrets/redis }\` or \`{ env: REDIS_PASSWORD }\`; from the
environment \`LATCHKEY_..._FILE\` and \`LATCHKEY_..._ENV\`. A secret file must not be readable by everyone; one newline at its end is left off.

**Durations** are \`90s\`, \`15m\`, \`12h\`, \`30d\`; **sizes** \`512B\`, \`64KB\`, \`2MB\`, \`1GB\` (of 1024). Relative paths start at the working directory.

Generated from the code by \`npm run generate\`.
`;

interface Row {
  readonly path: readonly string[];
  readonly node: SchemaNode;
  readonly isRequired: boolean;
}

/** Every setting with its variable, type, default and meaning: a table for each section. */
export function configurationMarkdown(schema: z.ZodType): string {
  const top = [...childrenOf(treeOf(schema))];
  const single = top.filter(([, node]) => !isSection(node) && !isListOfSections(node));
  const sections = top.filter(([, node]) => isSection(node) || isListOfSections(node));
  return [
    HEAD,
    '## At the top\n',
    table(single.map(([name, node]) => ({ path: [name], node, isRequired: true }))),
    ...sections.flatMap(([name, node]) => sectionText([name], node)),
  ].join('\n');
}

function sectionText(path: readonly string[], node: SchemaNode): readonly string[] {
  const settings = rowsOf({ path, node, isRequired: false });
  const lists = settings.filter((setting) => isListOfSections(setting.node));
  return [
    `## \`${pathText(path)}\`\n`,
    ...(node.description === undefined ? [] : [`${node.description}\n`]),
    table(settings),
    ...lists.flatMap((list) => elementText(list)),
  ];
}

function elementText(list: Row): readonly string[] {
  const element = `${pathText(list.path)}[]`;
  const node = itemsOf(list.node) ?? {};
  const settings = rowsOf({ path: [element], node, isRequired: false });
  return [`### Each of \`${pathText(list.path)}\`\n`, table(settings, { isElement: true })];
}

/** The section's settings, each in a row; of a section inside, its own. */
function rowsOf(row: Row): readonly Row[] {
  if (!isSection(row.node)) return [row];
  const required = alternativesOf(row.node).flatMap((one) => one.required ?? []);
  return [...childrenOf(row.node)].flatMap(([name, node]) =>
    rowsOf({ path: [...row.path, name], node, isRequired: required.includes(name) }),
  );
}

function isSection(node: SchemaNode): boolean {
  return kindOf(node) === undefined && childrenOf(node).size > 0;
}

function isListOfSections(node: SchemaNode): boolean {
  const items = itemsOf(node);
  return items !== undefined && isSection(items);
}

function table(settings: readonly Row[], { isElement = false } = {}): string {
  const head = isElement
    ? ['Setting', 'Type', 'Default', 'Meaning']
    : ['Setting', 'Variable', 'Type', 'Default', 'Meaning'];
  const rows = settings.map(({ path, node, isRequired }) => {
    const name = isElement ? path.slice(1).join('.') : pathText(path);
    const variable = isElement ? [] : [code(variableName(path))];
    return [
      code(name),
      ...variable,
      typeWords(node),
      standard(node, isRequired),
      node.description ?? '',
    ];
  });
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line), ''].join('\n');
}

function standard({ default: value }: SchemaNode, isRequired: boolean): string {
  if (value === undefined) return isRequired ? 'required' : '';
  return code(typeof value === 'string' ? value : JSON.stringify(value));
}

function code(text: string): string {
  return text === '' ? '`""`' : `\`${text}\``;
}
