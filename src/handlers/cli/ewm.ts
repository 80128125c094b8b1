/** The program `ewm`, as small as it can be: what answers in an instant is answered here, the rest is compiled once and kept. */
import { enableCompileCache } from 'node:module';

const [first] = process.argv.slice(2);
if (process.argv.length === 3 && (first === '--version' || first === '-V')) {
  process.stdout.write(`${EWM_VERSION}\n`);
} else {
  // Node 22 keeps compiled code between starts; Node 20 does without.
  (enableCompileCache as typeof enableCompileCache | undefined)?.();
  void import('./program').then(({ main }) => main(process.argv.slice(2)));
}
