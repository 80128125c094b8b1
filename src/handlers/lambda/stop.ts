/** The Lambda function that pulls the stop switch where an alarm says so. */
import { stopHandler } from '../compose-stop';

export const handler = stopHandler();
