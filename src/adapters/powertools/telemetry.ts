/**
 * Telemetry through AWS Lambda Powertools: a JSON line an event, and the measures of an invocation as CloudWatch embedded metrics.
 * What is written is what the caller names; nothing of the Lambda event is added. Both parts are made when they are first used: what
 * needs neither, as health does, does not wait for them (docs/decisions/0013-cold-start.md).
 */
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Telemetry, Unit } from '../../ports/telemetry';

export interface PowertoolsTelemetry extends Telemetry {
  /** Writes what was measured since the last flush, as one line; nothing where there is nothing. Once at the end of every invocation. */
  readonly flush: () => void;
}

export interface PowertoolsOptions {
  /** The function's mode: `service` in the logs and the one dimension of every metric. */
  readonly service: string;
}

export const METRICS_NAMESPACE = 'ExecutableWorldModels';

const UNITS: Readonly<Record<Unit, (typeof MetricUnit)[keyof typeof MetricUnit]>> = {
  Count: MetricUnit.Count,
  Milliseconds: MetricUnit.Milliseconds,
  Bytes: MetricUnit.Bytes,
};

export function makePowertoolsTelemetry({ service }: PowertoolsOptions): PowertoolsTelemetry {
  let logger: Logger | undefined;
  let metrics: Metrics | undefined;
  // An empty flush is silent here; Powertools would warn about one.
  let measured = false;
  return {
    note: (level, event, fields = {}) => {
      logger ??= new Logger({ serviceName: service, logLevel: 'INFO' });
      logger[level](event, { ...fields });
    },
    measure: (metric, unit, value) => {
      metrics ??= new Metrics({ namespace: METRICS_NAMESPACE, serviceName: service });
      metrics.addMetric(metric, UNITS[unit], value);
      measured = true;
    },
    flush: () => {
      if (measured) metrics?.publishStoredMetrics();
      measured = false;
    },
  };
}
