/** The text an agent sent as server-sent events: the data of all its events in a row. An event that was cut off at the end does not count. */

/**
 * Agents stream a reply in one of two ways: as pieces of text, or as JSON strings that hold the pieces (what the AgentCore SDK for Python
 * makes of a generator of strings). All of it being JSON strings tells the second apart: no list of actions is made of those alone.
 */
export function textOfEventStream(stream: string): string {
  const pieces = eventData(stream);
  const strings = pieces.map(jsonString);
  return strings.every((piece) => piece !== undefined) ? strings.join('') : pieces.join('');
}

/** The data of each finished event, its `data:` lines joined by newlines. Other fields and comments carry nothing for us. */
function eventData(stream: string): readonly string[] {
  const events: string[] = [];
  let lines: string[] = [];
  // What follows the last line end is a line that was cut off.
  const whole = stream
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .slice(0, -1);
  for (const line of whole) {
    if (line === '') {
      if (lines.length > 0) events.push(lines.join('\n'));
      lines = [];
    } else if (line.startsWith('data:')) lines.push(line.slice(line.charAt(5) === ' ' ? 6 : 5));
  }
  return events;
}

function jsonString(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
