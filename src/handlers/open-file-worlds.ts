/** World files of sessions, on this machine. */
import { fileWorldsIn, type OpenFileWorlds } from '../domain/session/world-documents';
import { openSandbox } from './open-sandbox';

export const openFileWorlds: OpenFileWorlds = fileWorldsIn(openSandbox);
