/** The file that a thread of `ewm sweep --jobs` starts with: the pool calls `takeBatch` with one batch of cells after the other. */
import { workerData } from 'node:worker_threads';
import { takeBatchOf, type WorkerData } from './cells';

export const takeBatch = takeBatchOf(workerData as WorkerData);
