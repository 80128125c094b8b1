// The package as a library: what `exports` names, built once as CommonJS (Node 20 cannot `require` an ES module) with an ES module over it, so
// that a program that does both meets one copy; adapters of frameworks, which hold nothing but glue, are built in both forms. The types of each
// are one file that needs no other package.
import { build } from 'esbuild';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';

const CORES = ['index', 'testing'];
const ADAPTERS = ['ai-sdk', 'strands', 'langchain'];
const ENTRIES = [...CORES, ...ADAPTERS];
/** Built with the program, which is made of the same. */
export const LIBRARY_CORES = Object.fromEntries(CORES.map((name) => [`library/${name}`, sourceOf(name)]));
/** Frameworks that an adapter is for: the user has them. */
const PEERS = ['ai', '@ai-sdk/provider', '@langchain/core', '@strands-agents/sdk', 'langchain'];

/** Answers the paths of what was bundled. */
export async function buildLibrary(version, outdir) {
  const shared = {
    bundle: true,
    platform: 'node',
    target: 'node20',
    mainFields: ['module', 'main'],
    define: { EWM_VERSION: JSON.stringify(version) },
    external: PEERS,
    outdir,
    logLevel: 'warning',
    minify: true,
    lineLimit: 200,
    metafile: true,
  };
  const built = await Promise.all([
    build({ ...shared, entryPoints: ADAPTERS.map(sourceOf), format: 'cjs', outExtension: { '.js': '.cjs' } }),
    build({ ...shared, entryPoints: ADAPTERS.map(sourceOf), format: 'esm', outExtension: { '.js': '.mjs' } }),
    buildTypes(outdir),
  ]);
  for (const name of CORES) await writeFile(join(outdir, `${name}.mjs`), overCommonJs(name, outdir));
  return built.slice(0, 2).flatMap(({ metafile }) => Object.keys(metafile.inputs));
}

function sourceOf(name) {
  return `src/handlers/library/${name}.ts`;
}

function overCommonJs(name, outdir) {
  const names = Object.keys(createRequire(import.meta.url)(resolve(outdir, `${name}.cjs`)));
  return `import library from './${name}.cjs';\nexport const { ${names.sort().join(', ')} } = library;\n`;
}

/** The types of fp-ts that signatures name, without the rest of it. */
const plainEither = {
  name: 'plain-either',
  resolveId: (id) => {
    const name = /^fp-ts\/(?:lib\/)?(Either|TaskEither)$/.exec(id)?.[1];
    return name === undefined ? null : resolve(`.config/library-types/${name}.d.ts`);
  },
};

async function buildTypes(outdir) {
  const bundle = await rollup({
    input: Object.fromEntries(ENTRIES.map((name) => [name, sourceOf(name)])),
    plugins: [plainEither, dts({ tsconfig: 'tsconfig.json' })],
    treeshake: { moduleSideEffects: false },
    // Such as a type in a signature that no entry exports.
    onwarn: (warning) => {
      throw new Error(warning.message);
    },
  });
  const { output } = await bundle.write({ dir: outdir, entryFileNames: '[name].d.cts', chunkFileNames: 'types-[hash].d.cts' });
  await bundle.close();
  const foreign = output.flatMap(({ imports = [] }) => imports).filter((id) => !/^(index|types-|node:)/.test(id) && !PEERS.includes(id));
  if (foreign.length > 0) throw new Error(`types of the library name packages that nobody installs with it: ${foreign.join(', ')}`);
  // The same types for those who `import`: TypeScript tells the kind of a module by the name of the file, and an ES module may name a CommonJS one.
  for (const name of ENTRIES) await writeFile(join(outdir, `${name}.d.mts`), `export * from './${name}.cjs';\n`);
}
