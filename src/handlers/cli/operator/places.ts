/** The places that a command of the stop switch is about: a data directory, and what is deployed. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { HeldFunction, Place } from '../../../domain/operator/place';
import { isRecord } from '../../../domain/codec/codec';
import { operator } from '../../compose-operator';
import { environment } from '../shared/environment';
import { EXIT } from '../shared/exit-codes';
import { type Failure, usageFailure } from '../shared/failure';
import { terraformOutputs } from '../shared/terraform-output';
import type { PlaceOptions } from './add-stop-commands';

/** Where `ewm serve` keeps its data unless told otherwise. */
const DATA = 'tmp/serve';

export interface NamedPlace {
  readonly name: 'data' | 'deployment';
  /** Nothing where there is none, which `why` says. */
  readonly place: Place | undefined;
  readonly why?: string;
}

export async function placesOf(options: PlaceOptions): Promise<Either<Failure, readonly NamedPlace[]>> {
  const { data, deployed = false, bucket, key, region, function: functions = [] } = options;
  if (bucket === undefined && functions.length > 0) return left(usageFailure('--function is of a deployment that --bucket names'));
  const places: NamedPlace[] = [];
  if (data !== undefined || (!deployed && bucket === undefined)) places.push({ name: 'data', place: operator.directory(data ?? DATA) });
  if (bucket !== undefined) places.push(deployment({ bucket, key, functions, region }));
  if (deployed) {
    const found = await terraformed();
    if (!isLeft(found)) places.push(found.right);
    // Where a data directory is meant as well, it is what there is; whoever means a deployment alone has to be told.
    else if (places.length > 0 && found.left._tag === 'None') places.push({ name: 'deployment', place: undefined, why: found.left.why });
    else return left({ exit: EXIT.badInput, code: 'no_deployment', messages: [`${found.left.why}: nothing was done`] });
  }
  return right(places);
}

interface Deployment {
  readonly bucket: string;
  readonly key: string;
  readonly functions: readonly HeldFunction[];
  readonly region: string | undefined;
}

function deployment({ region, ...place }: Deployment): NamedPlace {
  const made = operator.deployment({ ...place, agents: operator.agents(), ...(region === undefined ? {} : { region }) });
  return { name: 'deployment', place: made };
}

/** `None`: nothing is deployed from here. `Unknown`: there may be something, and its outputs cannot be read. */
type NotFound = { readonly _tag: 'None' | 'Unknown'; readonly why: string };

async function terraformed(): Promise<Either<NotFound, NamedPlace>> {
  const outputs = await terraformOutputs(environment());
  if (isLeft(outputs)) {
    return outputs.left._tag === 'NotSetUp'
      ? left({ _tag: 'None', why: 'Terraform is not set up in ./terraform, so no deployment is known here' })
      : left({ _tag: 'Unknown', why: `which deployment? ${outputs.left.why}; --bucket names one without Terraform` });
  }
  const { stop_switch: stopSwitch, region } = outputs.right;
  if (Object.keys(outputs.right).length === 0) return left({ _tag: 'None', why: 'nothing is deployed from ./terraform' });
  const { bucket, key, functions } = isRecord(stopSwitch) ? stopSwitch : {};
  if (typeof bucket !== 'string' || typeof key !== 'string' || !isRecord(functions)) {
    return left({
      _tag: 'Unknown',
      why: 'what is deployed has no stop switch yet: deploy it again, or name it with --bucket and --function',
    });
  }
  const held = Object.entries(functions).map(([name, reserved]) => ({
    name,
    reserved: typeof reserved === 'number' && reserved >= 0 ? reserved : null,
  }));
  return right(deployment({ bucket, key, functions: held, region: typeof region === 'string' ? region : undefined }));
}
