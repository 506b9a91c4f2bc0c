import type { z } from 'zod';

type Issue = z.core.$ZodIssue;

/** What is wrong with the members of a request, in the words of AWS: tools and tests match on them. */
export function validationWords({ issues }: z.ZodError): string {
  const count = `${issues.length} validation error${issues.length === 1 ? '' : 's'} detected`;
  return `${count}: ${issues.map(wordsOf).join('; ')}`;
}

function wordsOf(issue: Issue): string {
  const place = issue.path.map((part) => memberOf(String(part))).join('.');
  const isMissing = issue.code === 'invalid_type' && issue.input === undefined;
  const value = isMissing ? 'Value null' : 'Value';
  return `${value} at '${place}' failed to satisfy constraint: ${isMissing ? 'Member must not be null' : constraintOf(issue)}`;
}

/** `UserPoolId` is `userPoolId` there. */
function memberOf(name: string): string {
  return `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
}

function constraintOf(issue: Issue): string {
  if (issue.code === 'too_small')
    return `Member must have ${sizeOf(issue.origin)} greater than or equal to ${issue.minimum}`;
  if (issue.code === 'too_big')
    return `Member must have ${sizeOf(issue.origin)} less than or equal to ${issue.maximum}`;
  if (issue.code === 'invalid_format' && issue.pattern !== undefined)
    return `Member must satisfy regular expression pattern: ${issue.pattern.slice(1, issue.pattern.lastIndexOf('/'))}`;
  // Where the schema says it in words of its own, these say more.
  if (issue.code === 'invalid_value' && issue.message.startsWith('Invalid'))
    return `Member must satisfy enum value set: [${issue.values.map(String).join(', ')}]`;
  return issue.message;
}

function sizeOf(origin: string): string {
  return origin === 'string' || origin === 'array' ? 'length' : 'value';
}
