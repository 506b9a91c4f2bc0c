import { BadEncoding, membersOf, oidOf, TAG, type DerValue } from './der-reader.ts';

/**
 * A distinguished name, in the order of the certificate. Each part holds one attribute, or several that stand side by
 * side, as `<oid>=<value>`.
 */
export type DistinguishedName = readonly (readonly string[])[];

/** Names of attributes: of RFC 4514 section 3, and those that other programs print. */
const OIDS: ReadonlyMap<string, string> = new Map([
  ['CN', '2.5.4.3'],
  ['SN', '2.5.4.4'],
  ['SERIALNUMBER', '2.5.4.5'],
  ['C', '2.5.4.6'],
  ['L', '2.5.4.7'],
  ['ST', '2.5.4.8'],
  ['STREET', '2.5.4.9'],
  ['O', '2.5.4.10'],
  ['OU', '2.5.4.11'],
  ['TITLE', '2.5.4.12'],
  ['BUSINESSCATEGORY', '2.5.4.15'],
  ['GN', '2.5.4.42'],
  ['ORGANIZATIONIDENTIFIER', '2.5.4.97'],
  ['UID', '0.9.2342.19200300.100.1.1'],
  ['DC', '0.9.2342.19200300.100.1.25'],
  ['EMAILADDRESS', '1.2.840.113549.1.9.1'],
  ['JURISDICTIONC', '1.3.6.1.4.1.311.60.2.1.3'],
]);
const DOTTED = /^[0-2](?:\.\d+)+$/;
/** One character of a value: as it stands, or escaped (RFC 4514 section 2.4). */
const CHARACTER = String.raw`[^\\,+"<>;\0]|\\(?:[ "#+,;<=>\\]|[0-9a-fA-F]{2})`;
const ATTRIBUTE = new RegExp(
  String.raw`^ *(?<type>[A-Za-z][A-Za-z0-9-]*|[0-9.]+) *= *(?<value>(?:${CHARACTER})*)(?<end>[,+]|$)`,
);
const TRAILING_SPACES = /(?<!\\) +$/;
const ESCAPES = /(?:\\[0-9a-fA-F]{2})+|\\(?<plain>.)/g;

/** Reads the text form (RFC 4514), which begins with the last part. Undefined: it is none. */
export function parseDistinguishedName(text: string): DistinguishedName | undefined {
  const parts: string[][] = [[]];
  for (let rest = text; ;) {
    const read = readAttribute(rest);
    if (read === undefined) return undefined;
    parts.at(-1)?.push(read.attribute);
    if (read.end === '') return parts.map((part) => part.toSorted()).toReversed();
    if (read.end === ',') parts.push([]);
    rest = rest.slice(read.length);
  }
}

/** The first attribute, and what stands behind it: a comma, a plus sign or nothing. */
function readAttribute(
  text: string,
): { readonly attribute: string; readonly end: string; readonly length: number } | undefined {
  const found = ATTRIBUTE.exec(text);
  if (found === null) return undefined;
  const { type = '', value = '', end = '' } = found.groups ?? {};
  const oid = DOTTED.test(type) ? type : OIDS.get(type.toUpperCase());
  // `#` begins a value that is written by its bytes: nobody registers a name so.
  if (oid === undefined || value.startsWith('#')) return undefined;
  const attribute = `${oid}=${unescaped(value.replace(TRAILING_SPACES, ''))}`;
  return { attribute, end, length: found[0].length };
}

/** Reads the name out of a certificate. @throws {BadEncoding} */
export function readDistinguishedName(name: DerValue | undefined): DistinguishedName {
  return membersOf(name).map((part) =>
    membersOf(part, TAG.set)
      .map((attribute) => {
        const [type, value] = membersOf(attribute);
        return `${oidOf(type)}=${textOf(value)}`;
      })
      .toSorted(),
  );
}

/** Whether they are the same, to the letter. */
export function isSameName(one: DistinguishedName, other: DistinguishedName): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function unescaped(value: string): string {
  return value.replaceAll(ESCAPES, (escape, plain: string | undefined) =>
    plain === undefined ? Buffer.from(escape.replaceAll('\\', ''), 'hex').toString() : plain,
  );
}

/** What is no text that we know is told by its bytes, and so equal to no name that was written. */
function textOf(value: DerValue | undefined): string {
  if (value === undefined) throw new BadEncoding('an attribute without a value');
  const { tag, content, bytes } = value;
  if (tag === TAG.utf8String) return content.toString('utf8');
  if (tag === TAG.printableString || tag === TAG.ia5String) return content.toString('latin1');
  return `\0${bytes.toString('hex')}`;
}
