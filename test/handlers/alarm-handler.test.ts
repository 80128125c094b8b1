/** The function that pulls the stop switch where an alarm says so: what it takes for an alarm, what it sets, and what is left where a part fails. */
import { makeInProcessConcurrency } from '../../src/adapters/in-process/function-concurrency';
import { noDeadline } from '../../src/adapters/in-process/clock';
import { makeInProcessStopSwitch } from '../../src/adapters/in-process/stop-switch';
import { makeRecordingTelemetry } from '../../src/adapters/in-process/telemetry';
import { pullPlace } from '../../src/domain/operator/place';
import { type AlarmHandler, makeAlarmHandler } from '../../src/handlers/alarm/alarm-handler';
import { readStopConfig } from '../../src/handlers/config-stop';
import type { FunctionConcurrency } from '../../src/ports/function-concurrency';
import type { StopSwitch } from '../../src/ports/stop-switch';
import { rightOf } from '../support/task';

const NOW = '2026-11-26T09:30:00.000Z';
const CONTEXT = { awsRequestId: 'request', getRemainingTimeInMillis: () => 15_000 };
const NAMES = ['ewm-base', 'ewm-tools'];

interface Made {
  readonly stopSwitch: StopSwitch;
  readonly concurrency: FunctionConcurrency;
  readonly handle: AlarmHandler;
  readonly telemetry: ReturnType<typeof makeRecordingTelemetry>;
}

function made(functions: readonly string[] = NAMES): Made {
  const stopSwitch = makeInProcessStopSwitch();
  const concurrency = makeInProcessConcurrency(Object.fromEntries(functions.map((name) => [name, 1])));
  const place = { stopSwitch, functions: { concurrency, all: NAMES.map((name) => ({ name, reserved: null })) } };
  const telemetry = makeRecordingTelemetry();
  const handle = makeAlarmHandler({ pull: (order) => pullPlace(place, order, noDeadline), now: () => NOW, telemetry });
  return { stopSwitch, concurrency, handle, telemetry };
}

const sns = (message: string, subject: string | null = null): object => ({
  Records: [
    {
      EventSource: 'aws:sns',
      EventVersion: '1.0',
      EventSubscriptionArn: 'arn:aws:sns:us-east-1:123456789012:ewm-stop:1',
      Sns: { Type: 'Notification', TopicArn: 'arn:aws:sns:us-east-1:123456789012:ewm-stop', Subject: subject, Message: message },
    },
  ],
});
/** As CloudWatch sends it. */
const alarm = (state: string): object =>
  sns(
    JSON.stringify({
      AlarmName: 'ewm-tools-invocations',
      AlarmDescription: 'More invocations in an hour than expected: this is what costs.',
      AWSAccountId: '123456789012',
      NewStateValue: state,
      NewStateReason: 'Threshold Crossed: 1 datapoint [721.0 (26/11/26 09:00:00)] was greater than the threshold (720.0).',
      StateChangeTime: '2026-11-26T09:30:00.000+0000',
      OldStateValue: 'OK',
    }),
  );

it('sets the switch and holds each function off where an alarm is raised', async () => {
  const { stopSwitch, concurrency, handle } = made();
  expect(await handle(alarm('ALARM'), CONTEXT)).toEqual({ stopped: true });
  expect(await rightOf(stopSwitch.read(noDeadline))).toEqual({
    who: 'alarm ewm-tools-invocations',
    why: 'Threshold Crossed: 1 datapoint [721.0 (26/11/26 09:00:00)] was greater than the threshold (720.0).',
    at: NOW,
  });
  for (const name of NAMES) expect(await rightOf(concurrency.read(name, noDeadline))).toBe(0);
  // Told twice, as SNS may: the same again.
  expect(await handle(alarm('ALARM'), CONTEXT)).toEqual({ stopped: true });
});

it('takes the letter of a budget for one', async () => {
  const { stopSwitch, handle } = made();
  const letter =
    'AWS Budget Notification November 26, 2026\nAWS Account 123456789012\n\nDear AWS Customer,\n\u001b[31mYou requested that we alert you';
  expect(await handle(sns(letter, 'AWS Budgets: ewm-us-east-1 has exceeded your alert threshold'), CONTEXT)).toEqual({ stopped: true });
  const order = await rightOf(stopSwitch.read(noDeadline));
  expect(order?.who).toBe('topic ewm-stop');
  expect(order?.why).toMatch(
    /^AWS Budgets: ewm-us-east-1 has exceeded your alert threshold: AWS Budget Notification .* Dear AWS Customer, \\u001b\[31mYou/,
  );
});

it.each(['OK', 'INSUFFICIENT_DATA'])('stops nothing where an alarm is over: %s', async (state) => {
  const { stopSwitch, handle } = made();
  expect(await handle(alarm(state), CONTEXT)).toEqual({ stopped: false });
  expect(await rightOf(stopSwitch.read(noDeadline))).toBeUndefined();
});

it.each([
  [{}],
  [null],
  [{ Records: [] }],
  [{ Records: [{ EventSource: 'aws:s3', s3: {} }] }],
  [{ Records: [{ EventSource: 'aws:sns' }] }],
  [{ version: '2.0', rawPath: '/' }],
])('refuses what is no message of SNS: %j', async (event) => {
  const { stopSwitch, handle } = made();
  await expect(handle(event, CONTEXT)).rejects.toThrow('not a message of SNS: nothing was stopped');
  expect(await rightOf(stopSwitch.read(noDeadline))).toBeUndefined();
});

it('tries each part, and ends with an error that names those that failed', async () => {
  const { stopSwitch, concurrency, handle, telemetry } = made(['ewm-tools']);
  await expect(handle(alarm('ALARM'), CONTEXT)).rejects.toThrow('not stopped: ewm-base; make stop does what is left');
  expect(await rightOf(stopSwitch.read(noDeadline))).toBeDefined();
  expect(await rightOf(concurrency.read('ewm-tools', noDeadline))).toBe(0);
  expect(telemetry.records()).toContainEqual(expect.objectContaining({ level: 'error', event: 'stop_part' }) as object);
});

describe('its settings', () => {
  const ENV = { EWM_ARTIFACT_BUCKET: 'ewm-artifacts', EWM_STOP_KEY: 'stop.json', EWM_STOP_FUNCTIONS: 'ewm-base,ewm-tools' };
  it('are read from its environment', () => {
    expect(readStopConfig(ENV)).toEqual({ bucket: 'ewm-artifacts', key: 'stop.json', functions: NAMES });
  });
  it.each([
    ['EWM_ARTIFACT_BUCKET', 'No_Bucket'],
    ['EWM_STOP_KEY', '/stop'],
    ['EWM_STOP_FUNCTIONS', 'a,,b'],
    ['EWM_STOP_FUNCTIONS', ''],
  ])('end its start where they are none: %s', (name, value) => {
    expect(() => readStopConfig({ ...ENV, [name]: value })).toThrow(`configuration: ${name}: expected`);
  });
});
