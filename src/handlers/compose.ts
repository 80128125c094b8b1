/** The composition root: the only place of the driving side that names adapters. */
import { openBytes } from '../adapters/filesystem/byte-source';
import { readJsonDocument } from '../adapters/filesystem/json-document';
import { openMarketFile } from '../adapters/filesystem/market-file';
import { marketText, stepsOfText } from '../adapters/filesystem/market-text';
import { checkOutput, writeTextFile } from '../adapters/filesystem/output-file';
import { readPlainFile } from '../adapters/filesystem/plain-file';
import {
  inspectRunDirectory,
  makeRunDirectoryReader,
  makeUnfinishedRunReader,
  openRunDirectoryWriter,
  PARTIAL,
  unfinishedBeside,
} from '../adapters/filesystem/run-directory';
import { makeFileStopSwitch } from '../adapters/filesystem/stop-switch';
import { noDeadline } from '../adapters/in-process/clock';
import {
  CELLS_FILE,
  fileExists,
  openCells,
  partialCells,
  readLines,
  SWEEP_FILE,
  SWEEP_MARKET_FILE,
} from '../adapters/filesystem/sweep-directory';

/** What the command line works on. */
export const local = {
  stopSwitch: makeFileStopSwitch,
  noDeadline,
  openBytes,
  readFile: readPlainFile,
  openMarket: openMarketFile,
  readDocument: readJsonDocument,
  marketText,
  stepsOfText,
  checkOutput,
  writeText: writeTextFile,
  inspectRun: inspectRunDirectory,
  unfinishedBeside,
  readRun: makeRunDirectoryReader,
  readUnfinishedRun: makeUnfinishedRunReader,
  writeRun: openRunDirectoryWriter,
  /** The files of a sweep. */
  sweep: { open: openCells, partial: partialCells, readLines, exists: fileExists, CELLS_FILE, SWEEP_FILE, SWEEP_MARKET_FILE },
  /** What the name of an unfinished file ends in. */
  partialSuffix: PARTIAL,
} as const;
