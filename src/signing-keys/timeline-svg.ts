import { inWords } from './timeline-text.ts';
import type { KeyLife } from './timeline.ts';

const DAY_SECONDS = 86_400;
const WIDTH = 960;
const LEFT = 96;
const RIGHT = 24;
const TOP = 56;
const ROW = 44;
/** Days between two lines. */
const STEPS = [1, 2, 5, 10, 30, 90];
const BAR = 22;

const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #24292f }
  .small { font-size: 11px; fill: #57606a }
  .grid { stroke: #d0d7de; stroke-width: 1 }
  .handover { stroke: #57606a; stroke-width: 1; stroke-dasharray: 3 3 }
  .published { fill: #9ec5fe } .signing { fill: #1a7f37 } .verifying { fill: #d4a72c }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .small { fill: #9198a1 } .grid { stroke: #30363d } .handover { stroke: #9198a1 }
    .published { fill: #388bfd } .signing { fill: #3fb950 } .verifying { fill: #d29922 }
  }
`;

type Place = (at: number) => number;

/** The lives of keys as a picture: one bar a key, days below. For documents; follows the reader's light or dark. */
export function timelineSvg(lives: readonly KeyLife[], title: string): string {
  const bars = lives.filter(({ publishedAt }) => publishedAt !== undefined);
  const from = Math.min(...bars.map(({ publishedAt = 0 }) => publishedAt));
  const until = Math.max(...bars.map(({ verifiesUntil = 0 }) => verifiesUntil));
  const place: Place = (at) =>
    round(LEFT + ((at - from) / (until - from)) * (WIDTH - LEFT - RIGHT));
  const bottom = TOP + bars.length * ROW;
  const parts = [
    `<title>${escaped(title)}</title>`,
    `<style>${STYLE}</style>`,
    `<text x="${LEFT}" y="20">${escaped(title)}</text>`,
    legend(),
    ...days(from, until).map((at) => tick({ at, from, bottom, place })),
    ...bars.map((life, index) => row(life, TOP + index * ROW, place)),
    ...bars.slice(1).map((life, index) => handover(life, TOP + index * ROW, place)),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${bottom + 32}" role="img">\n${parts.join('\n')}\n</svg>\n`;
}

function legend(): string {
  const entries = ['published', 'signing', 'verifying'] as const;
  return entries
    .map((name, index) => {
      const x = LEFT + index * 110;
      return `<rect class="${name}" x="${x}" y="30" width="12" height="12" rx="2"/><text class="small" x="${x + 18}" y="40">${name}</text>`;
    })
    .join('\n');
}

function days(from: number, until: number): readonly number[] {
  const step =
    DAY_SECONDS * (STEPS.find((count) => (until - from) / DAY_SECONDS / count <= 12) ?? 365);
  return Array.from(
    { length: Math.floor((until - from) / step) + 1 },
    (_, index) => from + index * step,
  );
}

function tick(options: {
  readonly at: number;
  readonly from: number;
  readonly bottom: number;
  readonly place: Place;
}): string {
  const { at, from, bottom, place } = options;
  const x = place(at);
  const day = Math.round((at - from) / DAY_SECONDS);
  return `<line class="grid" x1="${x}" y1="${TOP - 6}" x2="${x}" y2="${bottom}"/><text class="small" x="${x}" y="${bottom + 18}" text-anchor="middle">day ${day}</text>`;
}

function row(life: KeyLife, y: number, place: Place): string {
  const { publishedAt = 0, signsFrom = 0, signsUntil = 0, verifiesUntil = 0 } = life;
  const phases = [
    ['published', publishedAt, signsFrom],
    ['signing', signsFrom, signsUntil],
    ['verifying', signsUntil, verifiesUntil],
  ] as const;
  const rects = phases
    .filter(([, start, end]) => end > start)
    .map(
      ([name, start, end]) =>
        `<rect class="${name}" x="${place(start)}" y="${y}" width="${round(place(end) - place(start))}" height="${BAR}"><title>${name} for ${inWords(end - start)}</title></rect>`,
    );
  const label = `<text x="8" y="${y + 16}">${escaped(life.kid)}</text>`;
  return [label, ...rects].join('\n');
}

/** Where the key of the row above hands over to this one. */
function handover({ signsFrom = 0 }: KeyLife, y: number, place: Place): string {
  const x = place(signsFrom);
  return `<line class="handover" x1="${x}" y1="${y + BAR}" x2="${x}" y2="${y + ROW}"/>`;
}

function round(x: number): number {
  return Math.round(x * 10) / 10;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
