/** Where world files run, on this machine: loaded by the first that needs it. */
import type { OpenSandbox } from '../domain/run/retake-world';

export const openSandbox: OpenSandbox = async () => (await import('./compose-worlds')).worlds.sandbox();
