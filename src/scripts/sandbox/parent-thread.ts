import process from 'node:process';
import { workerData } from 'node:worker_threads';

const LOOKS_EVERY_MS = 500;

// An orphan has another parent. Whoever loops hears nothing, so it is told by a signal.
setInterval(() => {
  if (process.ppid !== workerData) process.kill(process.pid, 'SIGKILL');
}, LOOKS_EVERY_MS);
