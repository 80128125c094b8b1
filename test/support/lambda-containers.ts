/** A built function in processes of its own, each with Lambda's environment and one event at a time. test/infra runs the zips in AWS's own client. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Invoked } from './step-functions';

const CONTAINER = `
const { handler } = require(process.argv[1]);
process.on('message', ({ event }) => {
  const context = { awsRequestId: 'request-1', functionName: 'ewm', getRemainingTimeInMillis: () => 29000 };
  Promise.resolve().then(() => handler(event, context)).then(
    (payload) => process.send({ _tag: 'Response', payload }),
    (error) => process.send({ _tag: 'Failed', error: error.name, cause: { errorType: error.name, errorMessage: error.message } }),
  );
});
`;

export interface Containers {
  readonly invoke: (event: unknown) => Promise<Invoked>;
  readonly close: () => Promise<void>;
}

export function startContainers(bundle: string, count: number, env: Readonly<Record<string, string>>): Containers {
  const all = Array.from({ length: count }, () =>
    spawn(process.execPath, ['-e', CONTAINER, bundle], { env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }),
  );
  const free: ChildProcess[] = [...all];
  return {
    invoke: async (event) => {
      const container = free.shift();
      // As Lambda does where all that is reserved is taken.
      if (container === undefined) return { _tag: 'Failed', error: 'Lambda.TooManyRequestsException', cause: 'Rate Exceeded.' };
      const answer = once(container, 'message');
      container.send({ event });
      const [outcome] = (await answer) as [Invoked];
      free.push(container);
      return outcome;
    },
    close: async () => {
      await Promise.all(
        all.map(async (container) => {
          const gone = once(container, 'exit');
          container.kill();
          await gone;
        }),
      );
    },
  };
}
