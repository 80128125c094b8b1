/** The reserved concurrency of Lambda functions. */
import {
  DeleteFunctionConcurrencyCommand,
  GetFunctionConcurrencyCommand,
  type LambdaClient,
  PutFunctionConcurrencyCommand,
} from '@aws-sdk/client-lambda';
import type { Deadline } from '../../ports/clock';
import type { FunctionConcurrency } from '../../ports/function-concurrency';
import { attempt, type AwsCall } from '../aws/attempt';

export function makeLambdaConcurrency(client: LambdaClient): FunctionConcurrency {
  const call = (operation: string, kind: AwsCall['kind'], deadline: Deadline): AwsCall => ({
    service: 'lambda',
    operation,
    kind,
    deadline,
  });
  return {
    read: (name, deadline) => () =>
      attempt(call('GetFunctionConcurrency', 'read', deadline), async (signal) => {
        const settings = await client.send(new GetFunctionConcurrencyCommand({ FunctionName: name }), { abortSignal: signal });
        return settings.ReservedConcurrentExecutions ?? null;
      }),
    reserve: (name, reserved, deadline) => () =>
      reserved === null
        ? attempt(call('DeleteFunctionConcurrency', 'write', deadline), async (signal) => {
            await client.send(new DeleteFunctionConcurrencyCommand({ FunctionName: name }), { abortSignal: signal });
          })
        : attempt(call('PutFunctionConcurrency', 'write', deadline), async (signal) => {
            const command = new PutFunctionConcurrencyCommand({ FunctionName: name, ReservedConcurrentExecutions: reserved });
            await client.send(command, { abortSignal: signal });
          }),
  };
}
