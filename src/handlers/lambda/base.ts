/** The Lambda function of `POST /agentcore/base`: composed once a container. */
import { baseHandler } from '../compose-lambda';

export const handler = baseHandler();
