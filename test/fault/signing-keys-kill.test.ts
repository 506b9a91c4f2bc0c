import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { rounds } from '../support/counts.ts';

const PROGRAM = fileURLToPath(new URL('./signing-keys-kill.program.ts', import.meta.url));
const KILLS = rounds(10, 100);
const KILLS_PER_RING = 10;
/** A node makes one more than it is left to answer. */
const ANSWERED_MAX = 2;
/** How long one rotation takes on this machine now; each life tells it anew. */
let rotationMs = 20;

interface Life {
  /** `phase:kid` of each key at the start. */
  readonly atStart: readonly string[];
  readonly rotated: readonly string[];
}

test(`${KILLS} kills in the middle of a rotation lose no key that was answered and make none in silence`, async () => {
  let answered = 0;
  for (let kill = 0; kill < KILLS; kill += KILLS_PER_RING) answered += await killInRing(kill);
  expect(answered).toBeGreaterThan(KILLS / 2);
});

/** Kills one ring's nodes again and again; gives how many rotations were answered. */
async function killInRing(first: number): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-kill-'));
  const answered: string[] = [];
  for (let kill = 0; kill < KILLS_PER_RING; kill += 1) {
    // Spread over one rotation, so that every step of it is hit.
    const share = ((first / KILLS_PER_RING + kill * 10) % 100) / 100;
    const life = await liveAndDie(folder, { answers: kill % (ANSWERED_MAX + 1), share });
    const known = life.atStart.map((key) => key.split(':')[1]);
    expect(life.atStart.filter((key) => key.startsWith('signing:'))).toHaveLength(1);
    expect(known).toEqual(expect.arrayContaining(answered));
    if (kill === 0) answered.push(...known.map(String));
    answered.push(...life.rotated);
    // A key whose answer was lost may be there; one for each kill at most.
    expect(known.length).toBeLessThanOrEqual(answered.length + kill + 1);
  }
  await rm(folder, { recursive: true });
  return answered.length - 1;
}

/** Lives until so many rotations are answered, and dies in the next, when this share of the time of one has passed. */
async function liveAndDie(
  folder: string,
  { answers, share }: { readonly answers: number; readonly share: number },
): Promise<Life> {
  const child = spawn(process.execPath, [PROGRAM, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  const life = { atStart: [] as string[], rotated: [] as string[] };
  let saidMs = 0;
  const closed = once(lines, 'close');
  const enough = new Promise<void>((resolve) => {
    lines.on('line', (line) => {
      const [what, ...words] = line.split(' ');
      if (what === 'rotated') rotationMs = performance.now() - saidMs;
      saidMs = performance.now();
      (what === 'started' ? life.atStart : life.rotated).push(...words);
      if (life.rotated.length >= answers) resolve();
    });
  });
  await Promise.race([enough, closed]);
  await delay(share * rotationMs);
  child.kill('SIGKILL');
  await closed;
  return life;
}
