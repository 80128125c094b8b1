/**
 * As much of Step Functions as the machine of sweeps uses, on a free port: a distributed map over the lines of an object, one Lambda function a
 * child, results to S3, no failure tolerated, and redrive. A definition with a field that is not interpreted here is refused, so that what ran here is what
 * Terraform wrote. Sources: "Using Map state in Distributed mode", "ItemReader", "ResultWriter" and "Redriving Map Runs" in the Step Functions
 * Developer Guide.
 */
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { TEST_ACCOUNT, TEST_REGION } from './aws-calls';
import type { AwsCall } from './iam-policy';

export type Invoked =
  { readonly _tag: 'Response'; readonly payload: unknown } | { readonly _tag: 'Failed'; readonly error: string; readonly cause: unknown };

export interface StepFunctionsSettings {
  /** What is deployed, by the name of the machine. */
  readonly definitionOf: (name: string) => Promise<string> | string;
  readonly s3Url: string;
  readonly invoke: (functionName: string, payload: unknown) => Promise<Invoked>;
  /** Children that one file of results holds; AWS goes by bytes. */
  readonly childrenPerFile?: number;
  /** Where a redrive writes: AWS does not say, and who reads has to take both. */
  readonly redriveWrites?: 'same folder' | 'another folder';
}

export interface StepFunctions {
  readonly url: string;
  /** What the machine did in the name of its role, over all executions. */
  readonly calls: () => readonly AwsCall[];
  /** What callers asked for, in order. */
  readonly operations: () => readonly string[];
  /** The cells that were invoked, in order. */
  readonly invoked: () => readonly unknown[];
  /** The most that ran at a time. */
  readonly concurrency: () => number;
  /** When no execution runs any more. */
  readonly idle: () => Promise<void>;
  readonly close: () => Promise<void>;
}

type Document = Readonly<Record<string, unknown>>;
type ChildStatus = 'PENDING' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'ABORTED';

interface Child {
  readonly input: unknown;
  status: ChildStatus;
  output?: unknown;
  error?: string;
  cause?: string;
}

interface Execution {
  readonly arn: string;
  readonly name: string;
  readonly machine: string;
  readonly input: string;
  status: 'RUNNING' | 'SUCCEEDED' | 'FAILED';
  error?: string;
  cause?: string;
  redrives: number;
  /** Of the map run, once the items were read. */
  children: Child[] | undefined;
}

/** An error of the service, by its name. */
class ServiceError extends Error {
  constructor(
    readonly type: string,
    message: string,
  ) {
    super(message);
  }
}

/** An execution that fails by itself. */
class ExecutionError extends Error {
  constructor(
    readonly error: string,
    message: string,
  ) {
    super(message);
  }
}

export async function startStepFunctions(settings: StepFunctionsSettings): Promise<StepFunctions> {
  const { definitionOf, s3Url, invoke, childrenPerFile = Infinity, redriveWrites = 'same folder' } = settings;
  const executions = new Map<string, Execution>();
  const calls: AwsCall[] = [];
  const operations: string[] = [];
  const invoked: unknown[] = [];
  const running = new Set<Promise<void>>();
  let [busy, busiest] = [0, 0];
  const credentials = { accessKeyId: 'step-functions', secretAccessKey: 'test' };
  const s3 = new S3Client({ endpoint: s3Url, region: TEST_REGION, credentials, forcePathStyle: true, maxAttempts: 1 });

  const inRole = (action: string, resource: string): void => {
    calls.push({ action, resource, context: { 'aws:SecureTransport': 'true', 's3:TlsVersion': '1.2' } });
  };
  const arnOf = (kind: string, rest: string): string => `arn:aws:states:${TEST_REGION}:${TEST_ACCOUNT}:${kind}:${rest}`;

  function start({ stateMachineArn, name, input }: Readonly<Record<string, string>>): Document {
    const machine = stateMachineArn?.split(':').at(-1) ?? '';
    const arn = arnOf('execution', `${machine}:${name ?? ''}`);
    const there = executions.get(arn);
    if (there !== undefined && (there.status !== 'RUNNING' || there.input !== input))
      throw new ServiceError('ExecutionAlreadyExists', `Execution Already Exists: '${arn}'`);
    // The very same one, while it runs, is the very same answer.
    if (there !== undefined) return { executionArn: arn, startDate: 0 };
    const execution: Execution = {
      arn,
      machine,
      name: name ?? '',
      input: input ?? '{}',
      status: 'RUNNING',
      redrives: 0,
      children: undefined,
    };
    executions.set(arn, execution);
    run(execution);
    return { executionArn: arn, startDate: 0 };
  }

  function redrive(execution: Execution): Document {
    if (execution.status !== 'FAILED')
      throw new ServiceError('ExecutionNotRedrivable', `Execution is ${execution.status} and cannot be redriven`);
    execution.redrives += 1;
    execution.status = 'RUNNING';
    delete execution.error;
    delete execution.cause;
    run(execution);
    return { redriveDate: 0 };
  }

  function run(execution: Execution): void {
    const ended = runOnce(execution)
      .then(() => {
        execution.status = 'SUCCEEDED';
      })
      .catch((error: unknown) => {
        const known = error instanceof ExecutionError;
        Object.assign(execution, {
          status: 'FAILED',
          error: known ? error.error : 'States.Runtime',
          cause: String(known ? error.message : error),
        });
      });
    running.add(ended);
    void ended.then(() => running.delete(ended));
  }

  async function runOnce(execution: Execution): Promise<void> {
    const map = mapOf(JSON.parse(await definitionOf(execution.machine)) as Document);
    const input = JSON.parse(execution.input) as unknown;
    const reader = parametersOf(map.reader, input);
    inRole('s3:GetObject', objectArn(reader['Bucket'], reader['Key']));
    const object = await s3.send(new GetObjectCommand({ Bucket: reader['Bucket'], Key: reader['Key'] }));
    const lines = ((await object.Body?.transformToString()) ?? '').split('\n').filter((line) => line !== '');
    // A redrive goes on with the children that there are.
    const children = (execution.children ??= lines
      .slice(0, map.maxItems)
      .map((line) => ({ input: JSON.parse(line) as unknown, status: 'PENDING' })));
    for (const child of children)
      if (child.status !== 'SUCCEEDED') Object.assign(child, { status: 'PENDING', error: undefined, cause: undefined });
    const label = `${execution.machine}/${map.label}`;
    // Express children are begun again, on a redrive too.
    if (children.length > 0) inRole('states:StartExecution', arnOf('stateMachine', execution.machine));
    if (execution.redrives > 0) inRole('states:RedriveExecution', arnOf('execution', `${label}:${execution.name}`));
    inRole('states:DescribeExecution', arnOf('execution', `${label}:${execution.name}`));
    await takeAll(map, children);
    const failed = children.some(({ status }) => status === 'FAILED');
    if (failed) inRole('states:StopExecution', arnOf('execution', `${label}:${execution.name}`));
    await writeResults(execution, map, parametersOf(map.writer, input), children);
    if (failed)
      throw new ExecutionError('States.ExceedToleratedFailureThreshold', 'The specified tolerated failure threshold was exceeded');
  }

  /** In order, so many at a time; the first that fails ends all: those that run are aborted, the rest stays pending. */
  async function takeAll(map: DistributedMap, children: readonly Child[]): Promise<void> {
    const waiting = children.filter(({ status }) => status === 'PENDING');
    // Read after a wait, in which another child may have failed.
    const isOver = (): boolean => over;
    let over = false;
    const worker = async (): Promise<void> => {
      for (let child = waiting.shift(); child !== undefined && !isOver(); child = waiting.shift()) {
        child.status = 'RUNNING';
        const { FunctionName: name = '' } = map.task;
        inRole('lambda:InvokeFunction', `arn:aws:lambda:${TEST_REGION}:${TEST_ACCOUNT}:function:${name}`);
        invoked.push(child.input);
        busiest = Math.max(busiest, (busy += 1));
        const outcome = await invoke(name, child.input);
        busy -= 1;
        if (isOver()) child.status = 'ABORTED';
        else if (outcome._tag === 'Response') Object.assign(child, { status: 'SUCCEEDED', output: outcome.payload });
        else {
          over = true;
          Object.assign(child, { status: 'FAILED', error: outcome.error, cause: JSON.stringify(outcome.cause) });
        }
      }
    };
    await Promise.all(Array.from({ length: map.concurrency }, worker));
  }

  async function writeResults(
    { arn, redrives }: Execution,
    map: DistributedMap,
    where: Parameters,
    children: readonly Child[],
  ): Promise<void> {
    const { Bucket = '', Prefix = '' } = where;
    const run = redriveWrites === 'same folder' ? 0 : redrives;
    const folder = `${Prefix}/${uuidOf(`${arn} ${String(run)}`)}`;
    const put = async (file: string, text: string): Promise<object> => {
      const Key = `${folder}/${file}`;
      inRole('s3:PutObject', objectArn(Bucket, Key));
      await s3.send(new PutObjectCommand({ Bucket, Key, Body: text, ChecksumAlgorithm: 'SHA256' }));
      return { Key, Size: Buffer.byteLength(text) };
    };
    const kinds = { SUCCEEDED: ['SUCCEEDED'], FAILED: ['FAILED', 'ABORTED'], PENDING: ['PENDING'] } as const;
    const files: Record<string, object[]> = { FAILED: [], PENDING: [], SUCCEEDED: [] };
    for (const [kind, statuses] of Object.entries(kinds)) {
      const held = children.flatMap((child, index) =>
        statuses.some((status) => status === child.status) ? [resultLine(map, child, index)] : [],
      );
      for (let from = 0, number = 0; from < held.length; from += childrenPerFile, number += 1) {
        const part = held.slice(from, from + childrenPerFile);
        files[kind]?.push(await put(`${kind}_${String(number)}.json`, part.map((line) => `${line}\n`).join('')));
      }
    }
    await put('manifest.json', JSON.stringify({ DestinationBucket: Bucket, MapRunArn: `${arn}:run`, ResultFiles: files }));
  }

  /** What became of one child: `Transformation` is `NONE`. */
  function resultLine(map: DistributedMap, { input, status, output, error, cause }: Child, index: number): string {
    const details = { Included: true };
    return JSON.stringify({
      ExecutionArn: arnOf('express', `${map.label}:${uuidOf(String(index))}`),
      ...(error === undefined ? {} : { Cause: cause, Error: error }),
      Input: JSON.stringify(input),
      InputDetails: details,
      Name: uuidOf(String(index)),
      ...(status === 'SUCCEEDED' ? { Output: JSON.stringify(output), OutputDetails: details } : {}),
      Status: status,
    });
  }

  const known = (arn: string | undefined): Execution => {
    const found = executions.get(arn ?? '');
    if (found === undefined) throw new ServiceError('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn ?? ''}'`);
    return found;
  };
  const answers: Readonly<Record<string, (asked: Readonly<Record<string, string>>) => Document>> = {
    StartExecution: start,
    RedriveExecution: ({ executionArn }) => redrive(known(executionArn)),
    DescribeExecution: ({ executionArn }) => {
      const { arn, name, machine, status, input, error, cause, redrives } = known(executionArn);
      const ended = error === undefined ? {} : { error, cause };
      return {
        executionArn: arn,
        stateMachineArn: arnOf('stateMachine', machine),
        name,
        status,
        input,
        startDate: 0,
        redriveCount: redrives,
        ...ended,
      };
    },
    ListMapRuns: ({ executionArn }) => {
      const { arn, children } = known(executionArn);
      return {
        mapRuns: children === undefined ? [] : [{ executionArn: arn, mapRunArn: `${arn}:run`, stateMachineArn: arn, startDate: 0 }],
      };
    },
    DescribeMapRun: ({ mapRunArn = '' }) => {
      const { children = [] } = known(mapRunArn.replace(/:run$/, ''));
      const count = (status: ChildStatus): number => children.filter((child) => child.status === status).length;
      const itemCounts = {
        total: children.length,
        succeeded: count('SUCCEEDED'),
        failed: count('FAILED'),
        aborted: count('ABORTED'),
        pending: count('PENDING'),
        running: count('RUNNING'),
        timedOut: 0,
        resultsWritten: 0,
      };
      return { mapRunArn, itemCounts, executionCounts: itemCounts };
    },
  };

  const server = http.createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const operation =
        String(incoming.headers['x-amz-target'] ?? '')
          .split('.')
          .at(-1) ?? '';
      operations.push(operation);
      const tell = (status: number, value: object): void => {
        outgoing.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(value));
      };
      try {
        const answer = answers[operation];
        if (answer === undefined) throw new ServiceError('UnknownOperationException', operation);
        tell(200, answer(JSON.parse(Buffer.concat(chunks).toString()) as Readonly<Record<string, string>>));
      } catch (error) {
        tell(400, { __type: error instanceof ServiceError ? error.type : 'InternalServerError', message: String(error) });
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    calls: () => calls,
    operations: () => operations,
    invoked: () => invoked,
    concurrency: () => busiest,
    idle: async () => {
      while (running.size > 0) await Promise.all(running);
    },
    close: async () => {
      s3.destroy();
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      });
    },
  };
}

// ---- The definition ----

type Parameters = Readonly<Record<string, string>>;

interface DistributedMap {
  readonly label: string;
  readonly maxItems: number;
  readonly concurrency: number;
  readonly reader: Document;
  readonly writer: Document;
  readonly task: Parameters;
}

/** The map of a definition; every field of it is looked at, and one more is a mistake. */
function mapOf(definition: Document): DistributedMap {
  const { StartAt: first = '', States: states } = only(definition, ['Comment', 'StartAt', 'States']) as Record<string, string & Document>;
  const map = only(states?.[first], [
    'Type',
    'Label',
    'End',
    'ItemReader',
    'MaxConcurrency',
    'ToleratedFailureCount',
    'ItemProcessor',
    'ResultWriter',
  ]);
  expected(map, { Type: 'Map', End: true, ToleratedFailureCount: 0 });
  const reader = only(map['ItemReader'], ['Resource', 'ReaderConfig', 'Parameters']);
  expected(reader, { Resource: 'arn:aws:states:::s3:getObject' });
  const config = only(reader['ReaderConfig'], ['InputType', 'MaxItems']);
  expected(config, { InputType: 'JSONL' });
  const writer = only(map['ResultWriter'], ['Resource', 'WriterConfig', 'Parameters']);
  expected(writer, { Resource: 'arn:aws:states:::s3:putObject' });
  expected(only(writer['WriterConfig'], ['Transformation', 'OutputType']), { Transformation: 'NONE', OutputType: 'JSONL' });
  const processor = only(map['ItemProcessor'], ['ProcessorConfig', 'StartAt', 'States']);
  expected(only(processor['ProcessorConfig'], ['Mode', 'ExecutionType']), { Mode: 'DISTRIBUTED', ExecutionType: 'EXPRESS' });
  const start = String(processor['StartAt']);
  const task = only(only(processor['States'], [start])[start], ['Type', 'Resource', 'Parameters', 'OutputPath', 'TimeoutSeconds', 'End']);
  expected(task, { Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', OutputPath: '$.Payload', End: true });
  const { 'Payload.$': payload, ...parameters } = only(task['Parameters'], ['FunctionName', 'Payload.$']);
  if (payload !== '$') throw new ExecutionError('States.Runtime', `the payload is ${String(payload)}`);
  return {
    label: String(map['Label']),
    maxItems: Number(config['MaxItems']),
    concurrency: Number(map['MaxConcurrency']),
    reader: reader['Parameters'] as Document,
    writer: writer['Parameters'] as Document,
    task: parameters as Parameters,
  };
}

function only(value: unknown, fields: readonly string[]): Document {
  const document = (value ?? {}) as Document;
  const unknown = Object.keys(document).filter((field) => !fields.includes(field));
  const missing = fields.filter((field) => !(field in document) && field !== 'Comment');
  if (unknown.length + missing.length > 0)
    throw new ExecutionError('States.Runtime', `this interpreter does not know ${unknown.join()}, and needs ${missing.join()}`);
  return document;
}

function expected(value: Document, wanted: Document): void {
  for (const [field, is] of Object.entries(wanted))
    if (value[field] !== is)
      throw new ExecutionError('States.Runtime', `${field} is ${JSON.stringify(value[field])}, and not ${JSON.stringify(is)}`);
}

/** Parameters as they are, or of the input where their name says so: `$.field`. */
function parametersOf(parameters: Document, input: unknown): Parameters {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => {
      if (!name.endsWith('.$')) return [name, String(value)];
      const field = /^\$\.(\w+)$/.exec(String(value))?.[1] ?? '';
      const found = (input as Document)[field];
      if (typeof found !== 'string') throw new ExecutionError('States.ParameterPathFailure', `the input has no ${String(value)}`);
      return [name.slice(0, -2), found];
    }),
  );
}

function objectArn(bucket = '', key = ''): string {
  return `arn:aws:s3:::${bucket}/${key}`;
}

function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}
