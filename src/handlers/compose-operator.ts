/** What an operator stops and resumes: a data directory of this machine, a deployment. */
import { userInfo, hostname } from 'node:os';
import { makeFileStopSwitch } from '../adapters/filesystem/stop-switch';
import { deadlineIn, systemClock } from '../adapters/in-process/clock';
import { makeLambdaClient } from '../adapters/lambda/client';
import { makeLambdaConcurrency } from '../adapters/lambda/function-concurrency';
import { type Agents, makeProxyAgents } from '../adapters/proxy/agents';
import { makeS3Client } from '../adapters/s3/client';
import { makeS3StopSwitch } from '../adapters/s3/stop-switch';
import type { HeldFunction, Place } from '../domain/operator/place';

/** For a person in a hurry. */
const CONNECTION = { connectTimeoutMs: 5_000, requestTimeoutMs: 10_000 };
const ACT_MS = 30_000;

export interface DeploymentPlace {
  readonly bucket: string;
  /** Of the switch in the bucket. */
  readonly key: string;
  readonly functions: readonly HeldFunction[];
  readonly region?: string;
  readonly agents?: Agents;
}

export const operator = {
  directory: (directory: string): Place => ({ stopSwitch: makeFileStopSwitch(directory) }),
  deployment: ({ bucket, key, functions, ...connection }: DeploymentPlace): Place => {
    const settings = { ...CONNECTION, ...connection };
    return {
      stopSwitch: makeS3StopSwitch({ client: makeS3Client(settings), bucket, key }),
      functions: { concurrency: makeLambdaConcurrency(makeLambdaClient(settings)), all: functions },
    };
  },
  agents: makeProxyAgents,
  deadline: () => deadlineIn(ACT_MS),
  now: (): string => new Date(systemClock.nowMs()).toISOString(),
  /** Who sits at this machine, as far as it knows. */
  user: (): string => `${userInfo().username}@${hostname()}`,
} as const;
