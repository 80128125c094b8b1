/** What the commands of sweeps need, in one file of the build. */
export { sweepCheckCommand } from './sweep-check';
export { sweepCommand } from './sweep-run';
export { verifySweep } from './sweep-verify';
