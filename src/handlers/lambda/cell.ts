/** The Lambda function of one cell of a sweep: Step Functions invokes it, and nothing else. Composed once a container. */
import { cellHandler } from '../compose-cell';

export const handler = cellHandler();
