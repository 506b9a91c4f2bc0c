import { isForEncryption } from './ring.ts';
import type { KeyLife } from './timeline.ts';

const DAY_SECONDS = 86_400;
const KID_CHARACTERS = 10;
const ALGORITHM_CHARACTERS_MIN = 5;
const WIDTH_DEFAULT = 80;
const GAP = '  ';

const GLYPHS = {
  unicode: { published: '░', signing: '█', verifying: '▒', none: '·', now: '┃' },
  ascii: { published: '-', signing: '#', verifying: '=', none: '.', now: '|' },
} as const;

interface Span {
  readonly from: number;
  readonly until: number;
}

/** How the timeline is drawn. */
export interface TextOptions {
  readonly now: number;
  /** Columns of the terminal. */
  readonly width?: number | undefined;
  /** False: letters that every terminal has. */
  readonly unicode?: boolean | undefined;
}

/** The lives of keys as bars on one scale of time, one line a key, for the terminal. */
export function timelineText(lives: readonly KeyLife[], options: TextOptions): string {
  const { now, width = WIDTH_DEFAULT, unicode = true } = options;
  const glyphs = GLYPHS[unicode ? 'unicode' : 'ascii'];
  const bars = lives.filter(isOnTimeline);
  const column = Math.max(
    ALGORITHM_CHARACTERS_MIN,
    ...lives.map(({ algorithm }) => algorithm.length),
  );
  const others = lives.filter((life) => !isOnTimeline(life)).map((life) => sideLine(life, column));
  if (bars.length === 0) return ['No keys.', ...others].join('\n');
  const scale = scaleOf(bars, now);
  const labels = bars.map((life) => [
    life.algorithm.padEnd(column),
    shortKid(life),
    whatNext(life, now),
  ]);
  const tail = Math.max(...labels.map(([, , next]) => (next ?? '').length));
  const cells = Math.max(8, width - column - KID_CHARACTERS - tail - 3 * GAP.length);
  const lines = bars.map((life, index) => {
    const [algorithm = '', kid = '', next = ''] = labels[index] ?? [];
    return [algorithm, kid, bar(life, { scale, cells, now, glyphs }), next].join(GAP).trimEnd();
  });
  const legend = `${glyphs.published} published  ${glyphs.signing} signs  ${glyphs.verifying} verifies  ${glyphs.now} now ${iso(now)}`;
  return [...lines, '', legend, ...others].join('\n');
}

/** A duration in the two largest units that matter: `29 d 4 h`, `15 min`, `40 s`. */
export function inWords(seconds: number): string {
  const units: readonly (readonly [string, number])[] = [
    ['d', DAY_SECONDS],
    ['h', 3600],
    ['min', 60],
    ['s', 1],
  ];
  const first = Math.max(
    0,
    units.findIndex(([, size]) => seconds >= size),
  );
  let rest = seconds;
  const words = units
    .slice(seconds < 1 ? 3 : first)
    .slice(0, 2)
    .flatMap(([name, size]) => {
      const count = Math.floor(rest / size);
      rest -= count * size;
      return count > 0 ? [`${count} ${name}`] : [];
    });
  return words.length === 0 ? '0 s' : words.join(' ');
}

function isOnTimeline(life: KeyLife): boolean {
  return life.phase !== 'retired' && life.phase !== 'revoked';
}

function scaleOf(bars: readonly KeyLife[], now: number): Span {
  const instants = bars.flatMap(({ publishedAt, verifiesUntil }) => [
    publishedAt ?? now,
    verifiesUntil ?? now,
  ]);
  return { from: Math.min(now, ...instants), until: Math.max(now + 1, ...instants) };
}

function bar(
  life: KeyLife,
  options: {
    readonly scale: Span;
    readonly cells: number;
    readonly now: number;
    readonly glyphs: (typeof GLYPHS)[keyof typeof GLYPHS];
  },
): string {
  const { scale, cells, now, glyphs } = options;
  const secondsPerCell = (scale.until - scale.from) / cells;
  const cellOfNow = Math.min(cells - 1, Math.floor((now - scale.from) / secondsPerCell));
  return Array.from({ length: cells }, (_, cell) => {
    if (cell === cellOfNow) return glyphs.now;
    return glyphs[phaseAt(life, scale.from + (cell + 0.5) * secondsPerCell)];
  }).join('');
}

function phaseAt(life: KeyLife, at: number): 'published' | 'signing' | 'verifying' | 'none' {
  const { publishedAt = 0, signsFrom = 0, signsUntil = 0, verifiesUntil = 0 } = life;
  if (at < publishedAt || at >= verifiesUntil) return 'none';
  if (at < signsFrom) return 'published';
  return at < signsUntil ? 'signing' : 'verifying';
}

function whatNext(life: KeyLife, now: number): string {
  const { phase, signsFrom = now, signsUntil = now, verifiesUntil = now } = life;
  const does = isForEncryption(life.algorithm) ? 'is shown' : 'signs';
  if (phase === 'published') return `${does} in ${inWords(signsFrom - now)}`;
  if (phase === 'signing')
    return signsUntil > now
      ? `${does} ${inWords(signsUntil - now)} more`
      : `${does} until a key follows`;
  return `gone in ${inWords(verifiesUntil - now)}`;
}

function sideLine(life: KeyLife, column: number): string {
  const what =
    life.phase === 'revoked'
      ? `revoked ${iso(life.revokedAt ?? 0)}: ${life.reason ?? ''}`
      : `retired, known for sign-out until ${iso(life.knownUntil ?? life.verifiesUntil ?? 0)}`;
  return [life.algorithm.padEnd(column), shortKid(life), what].join(GAP);
}

function shortKid({ kid }: KeyLife): string {
  return kid.slice(0, KID_CHARACTERS).padEnd(KID_CHARACTERS);
}

function iso(at: number): string {
  return new Date(at * 1000).toISOString().slice(0, 16).replace('T', ' ');
}
