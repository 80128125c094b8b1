/** The Lambda function of `/sessions` and what is below it: composed once a container. */
import { sessionsHandler } from '../compose-lambda';

export const handler = sessionsHandler();
