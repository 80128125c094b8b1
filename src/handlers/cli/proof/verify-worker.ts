/** The file that a worker thread of `ewm verify --jobs` starts with. What it runs is shared with the program. */
import { workerMain } from './verify-workers';

workerMain();
