import {
  alternativesOf,
  childrenOf,
  itemsOf,
  kindOf,
  valuesOf,
  type SchemaNode,
} from './schema-tree.ts';

/** What may be written, in words: `duration`, `one of a, b`, `list of texts`. */
export function typeWords(node: SchemaNode): string {
  const kind = kindOf(node);
  if (kind !== undefined) return KINDS[kind];
  const alternatives = alternativesOf(node);
  if (alternatives.length > 1) return unionWords(alternatives);
  if (node.enum) return `one of ${node.enum.map(literalWords).join(', ')}`;
  if (node.const !== undefined) return literalWords(node.const);
  return typeWord(node);
}

const KINDS = {
  duration: 'duration',
  bytes: 'size',
  secret: 'secret',
  sensitive: 'text, masked when shown',
} as const;

function unionWords(alternatives: readonly SchemaNode[]): string {
  return [...new Set(alternatives.map(typeWords))].join(' or ');
}

function literalWords(value: unknown): string {
  return `\`${String(value)}\``;
}

function typeWord(node: SchemaNode): string {
  switch ([node.type].flat()[0]) {
    case 'boolean':
      return '`true` or `false`';
    case 'integer':
    case 'number':
      return rangeWords(node);
    case 'array':
      return `list of: ${typeWords(itemsOf(node) ?? {})}`;
    case 'object':
      return mapWords(node);
    case 'string':
      return 'text';
    case 'null':
    case undefined:
      return 'any value';
  }
}

function mapWords(node: SchemaNode): string {
  const values = valuesOf(node);
  if (values) return `map to: ${typeWords(values)}`;
  return childrenOf(node).size > 0 ? 'section' : 'map';
}

function rangeWords({ minimum, maximum }: SchemaNode): string {
  const least = minimum === Number.MIN_SAFE_INTEGER ? undefined : minimum;
  const most = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
  if (least === undefined && most === undefined) return 'number';
  if (most === undefined) return `number, at least ${least}`;
  return least === undefined ? `number, at most ${most}` : `number from ${least} to ${most}`;
}
