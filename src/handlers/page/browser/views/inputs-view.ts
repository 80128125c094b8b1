/** What went in: the inputs that row 0 names, and the documents behind their digests. */
import { code, facts, h } from '../shared/dom';
import { grouped } from '../shared/format';
import { parseJson, record, type RunModel, text } from '../shared/run-model';
import { json } from './tables';

export function inputsView({ inputs, run, page, world }: RunModel): HTMLElement {
  const initial = record(inputs['initial_state']);
  const held = Object.entries(record(initial['positions'])).map(([symbol, quantity]) => `${symbol} ${grouped(text(quantity))}`);
  const digest = (member: string): Node | undefined => (typeof inputs[member] === 'string' ? code(inputs[member]) : undefined);
  const [strategy, policy] = [record(parseJson(page.files['strategy.json'] ?? '')), record(parseJson(page.files['policy.json'] ?? ''))];
  const metadata = record(strategy['metadata']);
  return h(
    'div',
    { class: 'inputs' },
    facts([
      ['mode', text(inputs['mode'])],
      ['strategy', metadata['name'] === undefined ? undefined : `${text(metadata['name'])}, version ${text(metadata['version'])}`],
      ['world', world === undefined ? undefined : `${world.page.name} ${world.page.version}`.trim()],
      ['seed', world === undefined ? undefined : typeof inputs['seed'] === 'string' ? inputs['seed'] : 'none'],
      ['policy', policy['policy_id'] === undefined ? undefined : text(policy['policy_id'])],
      [
        'initial state',
        world !== undefined
          ? json(initial)
          : initial['cash'] === undefined
            ? undefined
            : `cash ${grouped(text(initial['cash']))}${held.length === 0 ? '' : `, ${held.join(', ')}`}`,
      ],
      ['steps asked for', inputs['steps'] === undefined ? undefined : grouped(text(inputs['steps']))],
      ['invocation', typeof inputs['invocation'] === 'string' ? inputs['invocation'] : undefined],
      ['market.jsonl', digest('market_sha256')],
      ['strategy.json', digest('strategy_sha256')],
      ['engine', digest('engine_sha256')],
      ['world.js', digest('world_sha256')],
      [world === undefined ? 'policy.json' : 'policy.js', digest('policy_sha256')],
      ['params.json', digest('params_sha256')],
      ['inputs.jsonl', digest('inputs_sha256')],
      ['request.json', digest('request_sha256')],
      ['genesis', code(text(run?.['prev_hash']))],
    ]),
    ...Object.entries(page.files)
      .filter(([file]) => file !== 'run.json')
      .map(([file, content]) => document_(file, content)),
  );
}

function document_(file: string, content: string): HTMLElement {
  const value = parseJson(content);
  return h(
    'details',
    { class: 'document' },
    h('summary', {}, file),
    h('pre', { attributes: { tabindex: '0' } }, value === undefined ? content : JSON.stringify(value, null, 2)),
  );
}
