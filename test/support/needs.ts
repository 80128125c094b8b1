/** Tests that need something this machine may lack: they run, or they are skipped under a name that says why. Never in silence. */

/** Set to 1 where nothing may be skipped, as in .ci/run. */
const REQUIRED = process.env['EWM_SKIP_NOTHING'] === '1';

/** `missing` says what is lacking and how to get it; undefined where all is there. */
export function describeWhere(missing: string | undefined, name: string, body: () => void): void {
  if (missing === undefined) describe(name, body);
  else if (REQUIRED) {
    test(`${name}: has to run here`, () => {
      throw new Error(`EWM_SKIP_NOTHING=1, and it cannot run: ${missing}`);
    });
  } else {
    // Jest does not print the name of a file whose tests are all skipped.
    process.stderr.write(`SKIPPED: ${name}: ${missing}\n`);
    describe.skip(`${name}: SKIPPED: ${missing}`, body);
  }
}
