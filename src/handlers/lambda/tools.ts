/** The Lambda function of `POST /agentcore/tools`: composed once a container. */
import { toolsHandler } from '../compose-lambda';

export const handler = toolsHandler();
