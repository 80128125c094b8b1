/** What the function of the alarms is made of: the switch and the functions of its deployment, from its environment. */
import { deadlineIn, systemClock } from '../adapters/in-process/clock';
import { makeLambdaClient } from '../adapters/lambda/client';
import { makeLambdaConcurrency } from '../adapters/lambda/function-concurrency';
import { makePowertoolsTelemetry } from '../adapters/powertools/telemetry';
import { makeS3Client } from '../adapters/s3/client';
import { makeS3StopSwitch } from '../adapters/s3/stop-switch';
import { pullPlace } from '../domain/operator/place';
import { type AlarmHandler, makeAlarmHandler } from './alarm/alarm-handler';
import { readStopConfig } from './config-stop';

const CONNECTION = { connectTimeoutMs: 1_000, requestTimeoutMs: 5_000 };
/** Kept back of the invocation for its log. Unit: ms. */
const LOG_RESERVE_MS = 500;

export function stopHandler(): AlarmHandler {
  const { bucket, key, functions } = readStopConfig();
  const telemetry = makePowertoolsTelemetry({ service: 'stop' });
  const place = {
    stopSwitch: makeS3StopSwitch({ client: makeS3Client(CONNECTION), bucket, key }),
    functions: {
      concurrency: makeLambdaConcurrency(makeLambdaClient(CONNECTION)),
      all: functions.map((name) => ({ name, reserved: null })),
    },
  };
  return makeAlarmHandler({
    pull: (order, remainingMs) => pullPlace(place, order, deadlineIn(remainingMs - LOG_RESERVE_MS)),
    now: () => new Date(systemClock.nowMs()).toISOString(),
    telemetry,
  });
}
