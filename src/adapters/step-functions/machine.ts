/** Step Functions as the machine of sweeps: a state machine whose one state is a distributed map. Errors of the SDK end here. */
import {
  DescribeExecutionCommand,
  DescribeMapRunCommand,
  ListMapRunsCommand,
  RedriveExecutionCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { isLeft, right } from 'fp-ts/Either';
import type { Deadline } from '../../ports/clock';
import type { Execution, SweepMachine } from '../../ports/sweep-machine';
import { attempt, type AwsCall, errorName } from '../aws/attempt';
import { type ConnectionLimits, connectionSettings } from '../aws/connection';

export interface MachineSettings extends ConnectionLimits {
  readonly region?: string;
}

export function makeSfnClient(settings: MachineSettings): SFNClient {
  return new SFNClient({ ...connectionSettings(settings), ...(settings.region === undefined ? {} : { region: settings.region }) });
}

export function makeStepFunctionsMachine(client: SFNClient, stateMachineArn: string): SweepMachine {
  const arnOf = (name: string): string => `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
  const call = (operation: string, kind: AwsCall['kind'], deadline: Deadline): AwsCall => ({
    service: 'states',
    operation,
    kind,
    deadline,
  });

  return {
    start: (name, input, deadline) => () =>
      attempt(call('StartExecution', 'write', deadline), async (abortSignal) => {
        try {
          await client.send(new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) }), { abortSignal });
          return 'started' as const;
        } catch (error) {
          if (errorName(error) === 'ExecutionAlreadyExists') return 'taken' as const;
          throw error;
        }
      }),

    describe: (name, deadline) => async () => {
      const executionArn = arnOf(name);
      const found = await attempt(call('DescribeExecution', 'read', deadline), async (abortSignal) => {
        try {
          return await client.send(new DescribeExecutionCommand({ executionArn }), { abortSignal });
        } catch (error) {
          if (errorName(error) === 'ExecutionDoesNotExist') return undefined;
          throw error;
        }
      });
      if (isLeft(found) || found.right === undefined) return isLeft(found) ? found : right(undefined);
      const counts = await attempt(call('DescribeMapRun', 'read', deadline), async (abortSignal) => {
        const { mapRuns = [] } = await client.send(new ListMapRunsCommand({ executionArn, maxResults: 1 }), { abortSignal });
        const mapRunArn = mapRuns[0]?.mapRunArn;
        return mapRunArn === undefined ? undefined : client.send(new DescribeMapRunCommand({ mapRunArn }), { abortSignal });
      });
      if (isLeft(counts)) return counts;
      const { status, redriveCount = 0, error, cause } = found.right;
      const items = counts.right?.itemCounts;
      const execution: Execution = {
        status: status ?? 'RUNNING',
        redrives: redriveCount,
        ...(error === undefined ? {} : { error }),
        ...(cause === undefined ? {} : { cause }),
        ...(items === undefined
          ? {}
          : {
              cells: {
                total: items.total ?? 0,
                succeeded: items.succeeded ?? 0,
                failed: (items.failed ?? 0) + (items.timedOut ?? 0) + (items.aborted ?? 0),
                running: items.running ?? 0,
                pending: items.pending ?? 0,
              },
            }),
      };
      return right(execution);
    },

    redrive: (name, deadline) => () =>
      attempt(call('RedriveExecution', 'write', deadline), async (abortSignal) => {
        await client.send(new RedriveExecutionCommand({ executionArn: arnOf(name) }), { abortSignal });
      }),
  };
}
