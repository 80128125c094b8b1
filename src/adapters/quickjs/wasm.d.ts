/** The bundler, and in tests the transformer, hand out the bytes of the engine. */
declare module '@jitl/quickjs-wasmfile-release-sync/wasm' {
  const bytes: Uint8Array;
  // eslint-disable-next-line no-restricted-syntax -- what bundlers make of bytes is a default export
  export default bytes;
}

/** What of WebAssembly is used here: the library of types that has it is the browser's, with a thousand other things. */
declare namespace WebAssembly {
  type Exports = Record<string, unknown>;
  type Imports = Record<string, Record<string, unknown>>;
  // eslint-disable-next-line @typescript-eslint/no-extraneous-class -- it is made, and handed on
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    readonly exports: Exports;
    constructor(module: Module, imports: Imports);
  }
  class Memory {
    readonly buffer: ArrayBuffer;
    constructor(pages: { initial: number; maximum: number });
    grow(pages: number): number;
  }
  interface Global {
    value: number;
  }
}
