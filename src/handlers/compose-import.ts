/** What an import works on: apart from the rest of the command line, which must not carry unpackers and time zones. */
import { makeRecordSpool } from '../adapters/filesystem/record-spool';
import { openPriceFile } from '../adapters/filesystem/price-file';
import { zoneByName } from '../adapters/zones/zones';

export const importing = { openPriceFile, makeRecordSpool, zones: zoneByName } as const;
