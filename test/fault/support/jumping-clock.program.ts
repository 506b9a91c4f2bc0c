import { readFileSync } from 'node:fs';

/**
 * Loaded before a node (`node --import`): moves its wall clock by the seconds in the file that
 * `JUMPING_CLOCK_FILE` names, which a test writes while the node runs. Time that only passes is left alone.
 */
const LOOK_EVERY_MS = 20;

const RealDate = globalThis.Date;
const file = process.env['JUMPING_CLOCK_FILE'] ?? '';
let offsetMs = readOffset();
let lookedAtMs = performance.now();

function readOffset(): number {
  try {
    return Number(readFileSync(file, 'utf8')) * 1000;
  } catch {
    // The test has not moved it yet.
    return 0;
  }
}

function now(): number {
  if (performance.now() - lookedAtMs > LOOK_EVERY_MS) {
    lookedAtMs = performance.now();
    offsetMs = readOffset();
  }
  return RealDate.now() + offsetMs;
}

globalThis.Date = new Proxy(RealDate, {
  apply: () => new RealDate(now()).toString(),
  construct: (target, given, created) =>
    Reflect.construct(target, given.length === 0 ? [now()] : given, created),
  get: (target, name, receiver) => (name === 'now' ? now : Reflect.get(target, name, receiver)),
});
