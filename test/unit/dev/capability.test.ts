import { expect, test } from 'vitest';
import { dev } from '../../../src/dev/capability.ts';
import { devConfig } from '../../../src/dev/config.ts';

test('outside of the dev profile there is no door for tests, nor any other of its pages', () => {
  expect(dev.create(devConfig.parse({}), { isDev: false } as never)).toBeUndefined();
});
