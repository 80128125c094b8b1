/** What a client of the API is built from: where the artifacts of its runs are read. */
import { deadlineIn } from '../adapters/in-process/clock';
import { makeFilesystemArtifactStore } from '../adapters/filesystem/artifact-store';
import { makeMemoryRunReader, makeMemoryRunWriter, type MemoryRunWriter } from '../adapters/in-process/run-files';
import { type Agents, makeProxyAgents, proxyNameOf } from '../adapters/proxy/agents';
import { makeS3Client } from '../adapters/s3/client';
import { makeS3ArtifactStore } from '../adapters/s3/artifact-store';
import type { ArtifactStore } from '../ports/artifact-store';

/** For a person who waits. */
const CONNECTION = { connectTimeoutMs: 5_000, requestTimeoutMs: 20_000 };

export interface BucketPlace {
  readonly bucket: string;
  readonly prefix?: string;
  readonly region?: string;
  /** How it is reached. */
  readonly agents: Agents;
}

export const client = {
  bucketStore: ({ bucket, prefix, region, agents }: BucketPlace): ArtifactStore => {
    const settings = { ...CONNECTION, agents, ...(region === undefined ? {} : { region }) };
    return makeS3ArtifactStore({ client: makeS3Client(settings), bucket, ...(prefix === undefined ? {} : { prefix }) });
  },
  directoryStore: (directory: string): ArtifactStore => makeFilesystemArtifactStore({ directory }),
  deadlineIn,
  /** By way of a proxy where the environment names one. */
  agents: makeProxyAgents,
  proxyNameOf,
  runFromFiles: makeMemoryRunReader,
  /** A directory that is held in memory until it is proven. */
  heldRun: (location: string): MemoryRunWriter => makeMemoryRunWriter(location),
} as const;
