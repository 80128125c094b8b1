/** What an operator is told of sessions that may still run: a line each, and a count of one each in the metric of the alarm. */
import type { RecordingTelemetry, TelemetryRecord } from '../../src/adapters/in-process/telemetry';
import { SESSIONS_NOT_STOPPED } from '../../src/ports/telemetry';

export function operatorRecords(telemetry: RecordingTelemetry): readonly Extract<TelemetryRecord, { kind: 'note' }>[] {
  const notes = telemetry.records().flatMap((record) => (record.kind === 'note' ? [record] : []));
  const counted = telemetry.records().filter((record) => record.kind === 'measure');
  expect(counted).toEqual(notes.map(() => ({ kind: 'measure', metric: SESSIONS_NOT_STOPPED, unit: 'Count', value: 1 })));
  return notes;
}
