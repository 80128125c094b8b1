/** Where sweeps run beyond this machine: what Terraform says of the deployment in ./terraform, or of one whose outputs are in a file. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { isRecord } from '../../../../domain/codec/codec';
import { describeProblem } from '../../../../domain/codec/problem';
import { decodeLimits, type Limits } from '../../../../domain/cost/limits';
import type { ArtifactConflict, ArtifactNotFound, InvalidKey } from '../../../../ports/artifact-store';
import type { CallFailure } from '../../../../ports/dependency';
import { local } from '../../../compose';
import { openSweepClient, type SweepClient } from '../../../compose-sweeps';
import { readTrust } from '../../api/api-tls';
import { environment } from '../../shared/environment';
import { EXIT } from '../../shared/exit-codes';
import { type Failure, inputFailure } from '../../shared/failure';
import type { Io } from '../../shared/io';
import { terraformOutputs } from '../../shared/terraform-output';

export interface SweepDeployment extends SweepClient {
  readonly limits: Limits;
  /** The items that the state machine reads at most; it would leave out the rest without a word. */
  readonly cellsMax: number;
}

export interface DeploymentOptions {
  /** What `terraform output -json` printed; absent: the deployment in ./terraform. */
  readonly deployment?: string;
  readonly json: boolean;
}

const SET_UP = 'make deploy-agentcore-sweeps sets it up; --deployment takes what terraform output -json prints';

export async function openDeployment({ deployment }: DeploymentOptions, io: Io): Promise<Either<Failure, SweepDeployment>> {
  const outputs = await readOutputs(deployment, io);
  if (isLeft(outputs)) return outputs;
  const { sweeps, limits: limitsDocument, artifact_bucket: bucket, artifact_prefix: prefix, region } = outputs.right;
  if (!isRecord(sweeps)) return left(failure(`sweeps are not enabled in this deployment: ${SET_UP}`));
  const { state_machine_arn: stateMachineArn, cells_max: cellsMax } = sweeps;
  if (
    typeof stateMachineArn !== 'string' ||
    typeof cellsMax !== 'number' ||
    typeof bucket !== 'string' ||
    typeof prefix !== 'string' ||
    typeof region !== 'string'
  )
    return left(
      failure(`the outputs of this deployment lack state_machine_arn, cells_max, artifact_bucket, artifact_prefix or region: ${SET_UP}`),
    );
  const limits = decodeLimits(limitsDocument);
  if (isLeft(limits)) return left(failure(...limits.left.map((problem) => describeProblem('the output limits', problem))));
  const trust = await readTrust(environment());
  if (isLeft(trust)) return left(failure(trust.left.message));
  const { authorities } = trust.right;
  const place = { stateMachineArn, bucket, prefix, region, ...(authorities === undefined ? {} : { authorities }) };
  return right({ ...openSweepClient(place), limits: limits.right, cellsMax });
}

async function readOutputs(file: string | undefined, io: Io): Promise<Either<Failure, Readonly<Record<string, unknown>>>> {
  if (file === undefined) {
    const outputs = await terraformOutputs(environment());
    if (!isLeft(outputs)) return outputs;
    const why = outputs.left._tag === 'Failed' ? outputs.left.why : 'nothing is deployed from ./terraform';
    return left(failure(`where do sweeps run? ${why}: ${SET_UP}`));
  }
  const document = await local.readDocument(file, io)();
  if (isLeft(document)) return left(inputFailure(document.left));
  const { value } = document.right;
  if (!isRecord(value)) return left(failure(`${file}: expected what terraform output -json prints`));
  return right(Object.fromEntries(Object.entries(value).map(([name, output]) => [name, isRecord(output) ? output['value'] : undefined])));
}

function failure(...messages: readonly string[]): Failure {
  return { exit: EXIT.badInput, code: 'misconfigured', messages };
}

/** What a store or a service of AWS said. */
export function callFailure(error: CallFailure | InvalidKey | ArtifactConflict | ArtifactNotFound): Failure {
  const what = 'operation' in error ? `${error.service} ${error.operation}` : error.key;
  const why = 'reason' in error ? error.reason : error._tag;
  return unanswered(what, why);
}

export function unanswered(what: string, why: string): Failure {
  return {
    exit: EXIT.notProven,
    code: 'dependency_failed',
    messages: [`${what}: ${why}; nothing is sent twice: the same command tries again`],
  };
}
