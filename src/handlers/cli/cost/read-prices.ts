/** The price table: the one of this build, or one of the caller's. */
import priceDocument from '../../../../terraform/prices.json';
import { type Either, isLeft, left } from 'fp-ts/Either';
import { decodePrices, type PriceTable } from '../../../domain/cost/prices';
import { local } from '../../compose';
import { type Failure, inputFailure, invalidFailure } from '../shared/failure';
import type { Io } from '../shared/io';

export async function readPrices(file: string | undefined, io: Io): Promise<Either<Failure, PriceTable>> {
  if (file === undefined) {
    const built = decodePrices(priceDocument);
    if (isLeft(built)) throw new Error('the price table of this build is not one');
    return built;
  }
  const document = await local.readDocument(file, io)();
  if (isLeft(document)) return left(inputFailure(document.left));
  const table = decodePrices(document.right.value);
  return isLeft(table) ? left(invalidFailure(file, document.right.problemsAt(table.left))) : table;
}
