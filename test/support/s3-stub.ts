/** As much of S3 as the artifact store uses: one bucket, conditional writes, checksums, listing by folder in small pages. */
import { createHash } from 'node:crypto';
import { type Fault, type HttpStub, type Service, startHttpStub, type StubAnswer, type StubRequest } from './http-stub';

export const STUB_BUCKET = 'artifacts-bucket';

/** So small that listings of a few entries take several pages. Unit: entries. */
const PAGE_ENTRIES = 2;

export interface StubObject {
  readonly bytes: Buffer;
  readonly contentType: string;
}

export interface S3Stub extends HttpStub {
  readonly objects: Map<string, StubObject>;
  /** Fails the next request about a file of this name. */
  readonly failFile: (method: 'PUT' | 'GET', file: string, fault: Fault) => void;
  /** Makes the next reads answer other bytes than their checksum names. */
  readonly corruptReads: (corrupt: boolean) => void;
  /** Forbids to read what is not there, as S3 does to whoever may not list the whole bucket. */
  readonly hideMissing: (hide: boolean) => void;
}

/** `takesMs`: how long each answer takes. */
export async function startS3Stub({ takesMs }: { readonly takesMs?: number } = {}): Promise<S3Stub> {
  const objects = new Map<string, StubObject>();
  let corrupt = false;
  let hide = false;
  const service: Service = {
    answer: (request) => {
      const [bucket, ...path] = request.segments;
      if (bucket !== STUB_BUCKET) return refuse(404, 'NoSuchBucket', 'The specified bucket does not exist');
      const key = path.join('/');
      if (request.method === 'PUT') return put(objects, key, request);
      if (request.query.get('list-type') === '2') return list(objects, request.query);
      if (hide && !objects.has(key)) return refuse(403, 'AccessDenied', 'Access Denied');
      return get(objects, key, corrupt);
    },
    refuse,
    ...(takesMs === undefined ? {} : { takesMs }),
  };
  const stub = await startHttpStub(service);
  return {
    ...stub,
    objects,
    failFile: (method, file, fault) => {
      stub.failWhere((request) => request.method === method && request.segments.at(-1) === file, fault);
    },
    corruptReads: (value) => {
      corrupt = value;
    },
    hideMissing: (value) => {
      hide = value;
    },
  };
}

function put(objects: Map<string, StubObject>, key: string, request: StubRequest): StubAnswer {
  // What an operator sets is replaced; everything else is written once.
  const replaces = key.endsWith('stop.json');
  if (!replaces && request.headers['if-none-match'] !== '*')
    return refuse(400, 'InvalidRequest', 'this stub takes writes that create only');
  const checksum = createHash('sha256').update(request.body).digest('base64');
  if (request.headers['x-amz-checksum-sha256'] !== checksum) return refuse(400, 'BadDigest', 'The SHA256 you specified did not match');
  if (!replaces && objects.has(key))
    return refuse(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold');
  objects.set(key, { bytes: request.body, contentType: request.headers['content-type'] ?? '' });
  return { status: 200, headers: { etag: '"stub"', 'x-amz-checksum-sha256': checksum } };
}

function get(objects: Map<string, StubObject>, key: string, corrupt: boolean): StubAnswer {
  const object = objects.get(key);
  if (object === undefined) return refuse(404, 'NoSuchKey', 'The specified key does not exist.');
  const bytes = Buffer.from(object.bytes);
  if (corrupt && bytes.length > 0) bytes[0] = (bytes[0] ?? 0) ^ 1;
  return {
    status: 200,
    headers: {
      'content-length': String(bytes.length),
      'content-type': object.contentType,
      'x-amz-checksum-sha256': createHash('sha256').update(object.bytes).digest('base64'),
    },
    chunks: [bytes],
  };
}

function list(objects: Map<string, StubObject>, query: URLSearchParams): StubAnswer {
  const prefix = query.get('prefix') ?? '';
  const startAfter = query.get('start-after') ?? '';
  const byFolder = query.get('delimiter') === '/';
  const pageEntries = Math.min(Number(query.get('max-keys') ?? PAGE_ENTRIES), PAGE_ENTRIES);
  const entries = new Set<string>();
  for (const key of objects.keys()) {
    if (!key.startsWith(prefix) || key <= startAfter) continue;
    const slash = byFolder ? key.indexOf('/', prefix.length) : -1;
    entries.add(slash < 0 ? key : key.slice(0, slash + 1));
  }
  const sorted = [...entries].sort();
  const start = Number(query.get('continuation-token') ?? '0');
  const page = sorted.slice(start, start + pageEntries);
  const more = start + pageEntries < sorted.length;
  const body = [
    '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult>',
    `<IsTruncated>${String(more)}</IsTruncated>`,
    more ? `<NextContinuationToken>${String(start + pageEntries)}</NextContinuationToken>` : '',
    ...page.map((entry) =>
      entry.endsWith('/') && entry !== prefix
        ? `<CommonPrefixes><Prefix>${entry}</Prefix></CommonPrefixes>`
        : `<Contents><Key>${entry}</Key><Size>${String(objects.get(entry)?.bytes.length ?? 0)}</Size></Contents>`,
    ),
    '</ListBucketResult>',
  ].join('');
  return { status: 200, headers: { 'content-type': 'application/xml' }, chunks: [body] };
}

function refuse(status: number, type: string, message: string): StubAnswer {
  const body = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${type}</Code><Message>${message}</Message></Error>`;
  return { status, headers: { 'content-type': 'application/xml' }, chunks: [body] };
}
