/** The tape out of the page: Base64, then gzip. Invariant: what can be read of a damaged one is read, and what cannot is said. */

export interface UnpackedRun {
  /** Each without its newline. */
  readonly lines: readonly string[];
  /** Why there is no more of it. */
  readonly fault: string | undefined;
}

export async function unpackTape(base64: string): Promise<UnpackedRun> {
  if (typeof DecompressionStream === 'undefined')
    return { lines: [], fault: 'this browser cannot unpack gzip: it has no DecompressionStream' };
  const { bytes, whole } = decodeBase64(base64);
  const unpacked = await gunzip(bytes);
  const lines = unpacked.text.split('\n');
  const rest = lines.pop() ?? '';
  const fault =
    unpacked.fault ?? (whole ? undefined : 'it is not Base64 to its end') ?? (rest === '' ? undefined : 'its last row has no end');
  return { lines, fault };
}

/** The bytes up to the first character that Base64 does not have. */
function decodeBase64(base64: string): { readonly bytes: Uint8Array<ArrayBuffer>; readonly whole: boolean } {
  const legal = /^[A-Za-z0-9+/]*={0,2}/.exec(base64)?.[0] ?? '';
  const whole = legal.length === base64.length && legal.length % 4 === 0;
  const binary = atob(whole ? base64 : legal.replaceAll('=', '').slice(0, legal.length - (legal.length % 4)));
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at += 1) bytes[at] = binary.charCodeAt(at);
  return { bytes, whole };
}

async function gunzip(bytes: Uint8Array<ArrayBuffer>): Promise<{ readonly text: string; readonly fault: string | undefined }> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip')).getReader();
  let text = '';
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return { text: text + decoder.decode(), fault: undefined };
      text += decoder.decode(value, { stream: true });
    }
  } catch {
    return { text, fault: 'gzip cannot be unpacked any further' };
  }
}
