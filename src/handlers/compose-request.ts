/** What an invocation works on while it runs, all of it in this process: the part of the composition that every handler shares. */
import { makeMarketDocument } from '../adapters/memory/market-document';
import { makeMemoryRunWriter } from '../adapters/memory/run-files';

export type { MemoryRunWriter } from '../adapters/memory/run-files';

// Apart, and not one object: a bundle of memory has no use for markets.
export const marketInProcess = makeMarketDocument;
export const runWriterInProcess = makeMemoryRunWriter;
