// Jest transformer: esbuild (already a dependency of the build) strips the types; tsc checks them in `make lint`.
import { transformSync } from 'esbuild';
import { readFileSync } from 'node:fs';

export default {
  process(source, path) {
    // Bytes, as the bundler has them; what Jest has read as text is none.
    if (path.endsWith('.wasm'))
      return {
        code: `exports.default = Uint8Array.from(Buffer.from('${readFileSync(path, 'base64')}', 'base64')); exports.__esModule = true;`,
      };
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
