/** The Lambda function of `POST /mcp` and `POST /mcp/{id}`: composed once a container. */
import { mcpHandler } from '../compose-lambda-mcp';

export const handler = mcpHandler();
