/** The file a worker thread of `ewm verify --jobs` starts with. */
import { workerMain } from './verify-workers';

workerMain();
