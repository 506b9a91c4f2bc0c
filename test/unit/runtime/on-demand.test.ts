import { expect, test, vi } from 'vitest';
import { loadOnDemand, onDemand } from '../../../src/runtime/on-demand.ts';

test('code is loaded once, when it is first asked for, or with all of it', async () => {
  const load = vi.fn<() => Promise<string>>(async () => 'code');
  const other = vi.fn<() => Promise<string>>(async () => 'other');
  const [get] = [onDemand(load), onDemand(other)];
  expect(load).not.toHaveBeenCalled();
  expect([await get(), await get()]).toEqual(['code', 'code']);
  expect(other).not.toHaveBeenCalled();
  await loadOnDemand();
  expect([load, other].map((one) => one.mock.calls.length)).toEqual([1, 1]);
});
