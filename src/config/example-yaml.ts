import { stringify } from 'yaml';
import type { z } from 'zod';
import { childrenOf, itemsOf, kindOf, treeOf, type SchemaNode } from './schema-tree.ts';
import { typeWords } from './setting-words.ts';

const WIDTH = 100;
const HEAD = `# yaml-language-server: $schema=./schema.json
# Every setting of Latchkey at its default, generated from the code by \`npm run generate\`. A line
# that begins with "# name:" is a setting that is left out by default. Any of them can come from the
# environment, too: \`http.trustedProxies\` is LATCHKEY_HTTP_TRUSTED_PROXIES.
`;

/** A configuration file with every setting at its default and its description, valid as it stands. */
export function exampleYaml(schema: z.ZodType): string {
  return [HEAD, ...sectionLines(treeOf(schema))].join('\n').replaceAll(/\n{3,}/g, '\n\n') + '\n';
}

function sectionLines(node: SchemaNode, isInComment = false): readonly string[] {
  return [...childrenOf(node)].flatMap(([name, child]) => [
    '',
    ...comment(child.description ?? ''),
    ...settingLines(name, child, isInComment),
  ]);
}

function settingLines(name: string, node: SchemaNode, isInComment: boolean): readonly string[] {
  const isSection = kindOf(node) === undefined && childrenOf(node).size > 0;
  const isLeftOut = !isInComment && (isSection ? isSilent(node) : node.default === undefined);
  if (isSection) {
    const inside = indented(sectionLines(node, isInComment || isLeftOut).slice(1));
    return [`${name}:`, ...inside].map(isLeftOut ? commented : asItIs);
  }
  if (node.default === undefined)
    return [`${name}: ${placeholder(node)}`].map(isLeftOut ? commented : asItIs);
  return [`${name}: ${flow(node.default)}`, ...elementLines(node)];
}

/** A section that is left out, or of which everything is: what holds nothing is no section to YAML. */
function isSilent(node: SchemaNode): boolean {
  const isBare = (child: SchemaNode): boolean =>
    childrenOf(child).size > 0 && kindOf(child) === undefined
      ? isSilent(child)
      : child.default === undefined;
  return node.default === undefined || [...childrenOf(node).values()].every(isBare);
}

function asItIs(line: string): string {
  return line;
}

/** Of a list of sections, what one element may hold. */
function elementLines(node: SchemaNode): readonly string[] {
  const items = itemsOf(node);
  if (items === undefined || childrenOf(items).size === 0 || kindOf(items) !== undefined) return [];
  return ['# Each element:', '# -', ...indented(sectionLines(items, true).slice(1)).map(commented)];
}

function placeholder(node: SchemaNode): string {
  if (node.examples?.[0] !== undefined) return flow(node.examples[0]);
  return kindOf(node) === 'secret' ? '{ file: PATH }' : `<${typeWords(node).replaceAll('`', '')}>`;
}

function flow(value: unknown): string {
  return stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trimEnd();
}

function comment(text: string): readonly string[] {
  if (text === '') return [];
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines[lines.length - 1] ?? '';
    if (line.length + word.length > WIDTH - 10) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.map(commented);
}

function commented(line: string): string {
  return line === '' ? '#' : `# ${line}`;
}

function indented(lines: readonly string[]): readonly string[] {
  return lines.map((line) => (line === '' ? '' : `  ${line}`));
}
