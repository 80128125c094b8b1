import { makeInProcessConcurrency } from '../../src/adapters/in-process/function-concurrency';
import { makeLambdaClient } from '../../src/adapters/lambda/client';
import { makeLambdaConcurrency } from '../../src/adapters/lambda/function-concurrency';
import { describeFunctionConcurrencyContract } from '../contracts/function-concurrency';
import { useStubEnvironment } from '../support/aws-environment';
import { startLambdaStub } from '../support/lambda-stub';

const NAMES = { there: 'ewm-tools', missing: 'ewm-nowhere' } as const;

describeFunctionConcurrencyContract('in process', () =>
  Promise.resolve({ ...NAMES, concurrency: makeInProcessConcurrency({ [NAMES.there]: 1 }), close: () => Promise.resolve() }),
);

describeFunctionConcurrencyContract('Lambda stub', async () => {
  const stub = await startLambdaStub({ [NAMES.there]: 1 });
  useStubEnvironment({ AWS_ENDPOINT_URL_LAMBDA: stub.url });
  const client = makeLambdaClient({ connectTimeoutMs: 1_000, requestTimeoutMs: 5_000 });
  return {
    ...NAMES,
    concurrency: makeLambdaConcurrency(client),
    close: () => {
      client.destroy();
      return stub.close();
    },
  };
});
