/**
 * The tool that AgentCore Gateway calls a function for: its name is in the client context, `<target>___<tool>`, and the event is its arguments.
 * Invariant: where a tool is named, the event is arguments and nothing else; else a client of the gateway could write itself an HTTP request.
 */
import { isRecord } from '../../../domain/codec/codec';

const NAME = 'bedrockAgentCoreToolName';
/** Behind the name of a target, which has no underscore itself: the first one ends it. */
const DELIMITER = '___';

/** Nothing where the context is not of a gateway. */
export function gatewayToolOf(context: { readonly clientContext?: unknown }): string | undefined {
  const { clientContext } = context;
  if (!isRecord(clientContext)) return undefined;
  // Lambda hands it over as its sender wrote it: SDKs write either.
  const custom = [clientContext['custom'], clientContext['Custom']].find(isRecord);
  if (custom === undefined || !Object.hasOwn(custom, NAME)) return undefined;
  const name = custom[NAME];
  if (typeof name !== 'string') return '';
  const end = name.indexOf(DELIMITER);
  return end === -1 ? name : name.slice(end + DELIMITER.length);
}
