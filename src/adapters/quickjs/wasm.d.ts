/** The bundler, and in tests the transformer, hand out the bytes of the engine. */
declare module '@jitl/quickjs-wasmfile-release-sync/wasm' {
  const bytes: Uint8Array;
  export default bytes;
}
