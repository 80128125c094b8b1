/** The composition of the package `.`: what a program that imports it finds on this machine. */
export { makeRunDirectoryReader, openRunDirectoryWriter } from '../adapters/filesystem/run-directory';
export { makeFileStopSwitch } from '../adapters/filesystem/stop-switch';
export { stopwatch } from '../adapters/in-process/clock';
export { makeMarketDocument } from '../adapters/in-process/market-document';
