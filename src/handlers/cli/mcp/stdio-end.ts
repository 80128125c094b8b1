/** How talk over stdin and stdout ends. */
import type { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { EXIT, type ExitCode } from '../shared/exit-codes';

/** The client has closed its end. */
export function ended(stdin: NodeJS.ReadStream): Promise<ExitCode> {
  return new Promise((resolve) => {
    for (const event of ['end', 'close'] as const) {
      stdin.once(event, () => {
        resolve(EXIT.ok);
      });
    }
  });
}

/** The transport reads no further: a message without an end. It has said so, and nothing more would ever be answered. */
export function givenUp(transport: StdioServerTransport): Promise<ExitCode> {
  return new Promise((resolve) => {
    const { onclose } = transport;
    transport.onclose = () => {
      onclose?.();
      resolve(process.stdin.readableEnded ? EXIT.ok : EXIT.badInput);
    };
  });
}
