/** Telemetry that is kept, or dropped, in this process. */
import type { Telemetry, TelemetryFields, Unit } from '../../ports/telemetry';

export type TelemetryRecord =
  | { readonly kind: 'note'; readonly level: 'info' | 'warn' | 'error'; readonly event: string; readonly fields: TelemetryFields }
  | { readonly kind: 'measure'; readonly metric: string; readonly unit: Unit; readonly value: number };

export interface RecordingTelemetry extends Telemetry {
  readonly records: () => readonly TelemetryRecord[];
}

export function makeRecordingTelemetry(): RecordingTelemetry {
  const records: TelemetryRecord[] = [];
  return {
    note: (level, event, fields = {}) => {
      records.push({ kind: 'note', level, event, fields: { ...fields } });
    },
    measure: (metric, unit, value) => {
      records.push({ kind: 'measure', metric, unit, value });
    },
    records: () => [...records],
  };
}

export const silentTelemetry: Telemetry = { note: () => undefined, measure: () => undefined };
