/** What sends a sweep to Step Functions and fetches its rows is built from. Apart from the rest of the command line, for it brings a client of AWS. */
import { deadlineIn } from '../adapters/in-process/clock';
import { makeProxyAgents } from '../adapters/proxy/agents';
import { makeS3ArtifactStore } from '../adapters/s3/artifact-store';
import { makeS3Client } from '../adapters/s3/client';
import { makeReadRange, type ReadRange } from '../adapters/s3/ranges';
import { makeSfnClient, makeStepFunctionsMachine } from '../adapters/step-functions/machine';
import type { ArtifactStore } from '../ports/artifact-store';
import type { Deadline } from '../ports/clock';
import type { SweepMachine } from '../ports/sweep-machine';

/** For a person who waits; the items of a million cells are 60 MB. */
const CONNECTION = { connectTimeoutMs: 5_000, requestTimeoutMs: 120_000 };

export interface SweepPlace {
  readonly stateMachineArn: string;
  readonly bucket: string;
  readonly prefix: string;
  readonly region: string;
  /** Certificate authorities in place of Node's own. */
  readonly authorities?: readonly string[];
}

export interface SweepClient {
  readonly store: ArtifactStore;
  readonly readRange: ReadRange;
  readonly machine: SweepMachine;
}

export function openSweepClient({ stateMachineArn, bucket, prefix, region, authorities }: SweepPlace): SweepClient {
  const settings = { ...CONNECTION, region, agents: makeProxyAgents(authorities) };
  const place = { client: makeS3Client(settings), bucket, prefix };
  return {
    store: makeS3ArtifactStore({ ...place, mayList: true }),
    readRange: makeReadRange(place),
    machine: makeStepFunctionsMachine(makeSfnClient(settings), stateMachineArn),
  };
}

/** For one request of a person who waits. */
export function oneRequest(): Deadline {
  return deadlineIn(300_000);
}
