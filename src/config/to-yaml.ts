import { stringify } from 'yaml';

/** Plain data as YAML, to be read by people; without anchors, and long lines unbroken. */
export function toYaml(value: unknown): string {
  return stringify(value, { aliasDuplicateObjects: false, lineWidth: 0 });
}
