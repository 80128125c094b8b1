/** What signs on Lambda: a bundle of its own, `signing.js`, beside the `index.js` of a function whose deployment signs. */
import { programDigest } from '../adapters/filesystem/program-digest';
import { systemClock } from '../adapters/in-process/clock';
import { makeMemoryRunReader } from '../adapters/in-process/run-files';
import { makeKmsClient } from '../adapters/kms/client';
import { makeKmsSigner } from '../adapters/kms/signer';
import { isRecord } from '../domain/codec/codec';
import type { Attested, SegmentsSigned } from '../domain/receipt/statement';
import { makeReceipts, type Receipts } from '../domain/run/receipts';
import type { ArtifactStore } from '../ports/artifact-store';
import { NOT_SIGNED, type Telemetry } from '../ports/telemetry';
import type { Timeouts } from './config';

/** The context of the invocation that runs, as Lambda gives it: only there does it say in which account a function is. */
export interface Running {
  readonly context?: unknown;
}

export interface LambdaSigning {
  readonly key: string;
  readonly segments: SegmentsSigned;
  readonly s3: Timeouts;
  readonly artifacts: ArtifactStore;
  readonly telemetry: Telemetry;
  readonly running: Running;
}

export function lambdaReceipts({ key, segments, s3, artifacts, telemetry, running }: LambdaSigning): Receipts {
  const program = programDigest(__filename);
  return makeReceipts({
    signer: makeKmsSigner({ client: makeKmsClient(s3), key }),
    artifacts,
    segments,
    readerOf: makeMemoryRunReader,
    attested: async () => ({
      program: { name: 'ewm', version: EWM_VERSION, sha256: await program },
      deployment: deploymentOf(running.context),
      signed_at: new Date(systemClock.nowMs()).toISOString(),
    }),
    onFailure: (receipt, reason) => {
      telemetry.note('error', 'not_signed', { receipt, reason });
      telemetry.measure(NOT_SIGNED, 'Count', 1);
    },
  });
}

/** `arn:aws:lambda:<region>:<account>:function:<name>`, with an alias or a version behind it or not. */
function deploymentOf(context: unknown): Attested['deployment'] {
  if (!isRecord(context)) return null;
  const { invokedFunctionArn: arn, functionName, functionVersion } = context;
  if (typeof arn !== 'string' || typeof functionName !== 'string' || typeof functionVersion !== 'string') return null;
  const [, , , region = '', account = ''] = arn.split(':');
  return { account, region, function: functionName, function_version: functionVersion };
}
