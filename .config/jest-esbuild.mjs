// Jest transformer: esbuild (already a dependency of the build) strips the types; tsc checks them in `make lint`.
import { transformSync } from 'esbuild';

export default {
  process(source, path) {
    const { code, map } = transformSync(source, {
      loader: path.endsWith('.ts') ? 'ts' : 'js',
      format: 'cjs',
      target: 'node20',
      sourcemap: 'external',
      sourcefile: path,
      supported: { 'dynamic-import': false },
    });
    return { code, map };
  },
};
