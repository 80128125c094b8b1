/** The actions that a person chooses: orders in a market, what is legal in any other world, or what the policy says. */
import { button, h } from '../shared/dom';
import { list, parseJson, record } from '../shared/run-model';

export interface ActionChoice {
  readonly element: HTMLElement;
  /** What the world offers now. What was chosen stays. */
  readonly offer: (observation: unknown) => void;
  /** The actions of a call; nothing where the policy decides. */
  readonly chosen: () => readonly unknown[] | undefined;
  readonly clear: () => void;
}

/** `tell`: said where the focus cannot show it. */
export function actionChoice(tell: (what: string) => void): ActionChoice {
  let actions: readonly unknown[] = [];
  const byPolicy = h('input', { id: 'by-policy', attributes: { type: 'checkbox' } });
  byPolicy.checked = true;
  const chosenList = h('ul', { id: 'chosen', class: 'chosen', attributes: { 'aria-label': 'Chosen actions' } });
  const offers = h('div', { class: 'offers' });
  const element = h(
    'fieldset',
    { class: 'actions' },
    h('legend', {}, 'Actions for Quote, Simulate and Execute'),
    h(
      'p',
      {},
      byPolicy,
      ' ',
      h('label', { attributes: { for: 'by-policy' } }, 'what the strategy says (evaluated first, which is a call, too)'),
    ),
    offers,
    chosenList,
  );

  function add(action: unknown): void {
    actions = [...actions, action];
    byPolicy.checked = false;
    draw();
    tell(`${JSON.stringify(action)} is chosen: ${String(actions.length)} in all.`);
  }

  function draw(): void {
    chosenList.replaceChildren(
      ...actions.map((action, index) =>
        h(
          'li',
          {},
          h('code', {}, JSON.stringify(action)),
          ' ',
          button(
            'Remove',
            () => {
              actions = actions.filter((_, at) => at !== index);
              draw();
              tell(`Removed; ${String(actions.length)} are chosen.`);
              // The button is gone: the focus goes to the next one, or to where actions are chosen.
              (chosenList.querySelectorAll('button')[Math.min(index, actions.length - 1)] ?? byPolicy).focus();
            },
            { attributes: { 'aria-label': `Remove action ${String(index + 1)}` } },
          ),
        ),
      ),
    );
  }

  function offer(observation: unknown): void {
    const { prices, legal } = record(observation);
    if (prices !== undefined) offerOrders(Object.keys(record(prices)));
    else offerLegal(list(legal));
  }

  /** Kept while its symbols are: the focus of whoever uses it is in it. */
  function offerOrders(symbols: readonly string[]): void {
    const shown = symbols.join(' ');
    if (offers.dataset['symbols'] === shown) return;
    offers.dataset['symbols'] = shown;
    const option = (value: string, label = value): HTMLElement => h('option', { attributes: { value } }, label);
    const side = h('select', { id: 'side' }, option('PlaceBuy', 'Buy'), option('PlaceSell', 'Sell'));
    const quantity = h('input', { id: 'quantity', attributes: { inputmode: 'decimal', value: '1', size: '8' } });
    const symbol = h('select', { id: 'symbol' }, ...symbols.map((one) => option(one)));
    offers.replaceChildren(
      labelled('Side', side),
      labelled('Quantity', quantity),
      labelled('Symbol', symbol),
      button('Add order', () => {
        add({ type: side.value, symbol: symbol.value, quantity: quantity.value.trim() });
      }),
    );
  }

  function offerLegal(legal: readonly unknown[]): void {
    const focused = offers.contains(document.activeElement) ? document.activeElement?.id : undefined;
    const own = h('textarea', { id: 'own-action', attributes: { rows: '2', spellcheck: 'false' } });
    own.value = offers.querySelector('textarea')?.value ?? '{"type": ""}';
    offers.replaceChildren(
      legal.length === 0
        ? h('p', { class: 'quiet' }, 'The world names no legal action.')
        : h(
            'ul',
            { attributes: { 'aria-label': 'Legal actions' } },
            ...legal.slice(0, LEGAL_SHOWN).map((action, index) =>
              h(
                'li',
                {},
                button(
                  `Add ${JSON.stringify(action)}`,
                  () => {
                    add(action);
                  },
                  { id: `legal-${String(index)}` },
                ),
              ),
            ),
          ),
      labelled('An action of your own (JSON)', own),
      button(
        'Add action',
        () => {
          const action = parseJson(own.value);
          if (action === undefined) tell('The action is not JSON: nothing is chosen.');
          else add(action);
        },
        { id: 'add-own' },
      ),
    );
    if (focused !== undefined) document.getElementById(focused)?.focus();
  }

  return {
    element,
    offer,
    chosen: () => (byPolicy.checked ? undefined : actions),
    clear: () => {
      actions = [];
      byPolicy.checked = true;
      draw();
    },
  };
}

/** A world may offer thousands. */
const LEGAL_SHOWN = 50;

export function labelled(label: string, control: HTMLElement): HTMLElement {
  return h('p', { class: 'labelled' }, h('label', { attributes: { for: control.id } }, label), control);
}
