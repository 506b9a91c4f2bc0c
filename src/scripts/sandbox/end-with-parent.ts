import { once } from 'node:events';
import process from 'node:process';
import { Worker } from 'node:worker_threads';

/**
 * Ends this process soon after its parent, also while it computes; then takes the right to start threads from it.
 * Throws where Node cannot take that back.
 */
export async function endWithParent(): Promise<void> {
  // Whoever is an orphan already hears of the end of the channel while the thread starts.
  process.once('disconnect', () => process.exit());
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  const url = new URL(`./parent-thread${extension}`, import.meta.url);
  const thread = new Worker(url, { workerData: process.ppid });
  await once(thread, 'online');
  thread.unref();
  dropThreads(process.permission);
}

/** Not among the types yet. */
function dropThreads(permission: object): void {
  if (!('drop' in permission) || typeof permission.drop !== 'function')
    throw new Error('scripts need a later Node 24: this one cannot take permissions back');
  permission.drop('worker');
}
