/** As much of Lambda's control plane as the stop switch uses: the reserved concurrency of functions. */
import { type HttpStub, type Service, startHttpStub, type StubAnswer } from './http-stub';

export interface LambdaStub extends HttpStub {
  /** What is reserved, by function; null: nothing. */
  readonly reserved: Map<string, number | null>;
}

export async function startLambdaStub(functions: Readonly<Record<string, number | null>>): Promise<LambdaStub> {
  const reserved = new Map(Object.entries(functions));
  const service: Service = {
    answer: ({ method, segments, body }) => {
      const [version, kind, name = '', what] = segments;
      if (!['2017-10-31', '2019-09-30'].includes(version ?? '') || kind !== 'functions' || what !== 'concurrency')
        return refuse(400, 'InvalidRequest', segments.join('/'));
      if (!reserved.has(name)) return refuse(404, 'ResourceNotFoundException', `Function not found: ${name}`);
      if (method === 'DELETE') {
        reserved.set(name, null);
        return { status: 204 };
      }
      if (method === 'PUT') {
        const asked = JSON.parse(body.toString()) as { readonly ReservedConcurrentExecutions: number };
        reserved.set(name, asked.ReservedConcurrentExecutions);
      }
      const amount = reserved.get(name) ?? null;
      return json(200, amount === null ? {} : { ReservedConcurrentExecutions: amount });
    },
    refuse,
  };
  return { ...(await startHttpStub(service)), reserved };
}

function json(status: number, value: object, headers: Readonly<Record<string, string>> = {}): StubAnswer {
  return { status, headers: { 'content-type': 'application/json', ...headers }, chunks: [JSON.stringify(value)] };
}

function refuse(status: number, type: string, message: string): StubAnswer {
  return json(status, { Message: message, Type: 'User' }, { 'x-amzn-errortype': type });
}
