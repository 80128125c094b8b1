/** The Lambda function of `POST /agentcore/memory`: composed once a container. */
import { memoryHandler } from '../compose-lambda';

export const handler = memoryHandler();
