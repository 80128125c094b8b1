/** The tools that leave the process: a code interpreter and a planner. docs/spec.md section 6. */
import { isLeft } from 'fp-ts/Either';
import { failure, success } from 'io-ts';
import { CODE_LANGUAGES, type CodeLanguage, type CodeResult } from '../../ports/code-interpreter';
import type { Json } from '../canonical/canonical';
import { type Codec, countCodec, isRecord, makeCodec, objectCodec, textCodec } from '../codec/codec';
import { decimalFromJson, formatDecimal } from '../decimal/decimal';
import type { ProposedAction } from '../world/market/proposal';
import { failedCall, NOT_A_PLAN, PROGRAM_FAILED } from './call-error';
import { droppedCodec, droppedText, programEvidenceCodec } from './program-evidence';
import { failed, makeTool, type Tool, TOOL_CALL } from './tool';
import { attempted, rejection } from './world-tools';

const languageCodec = makeCodec<CodeLanguage>('language', { enum: [...CODE_LANGUAGES] }, (value, context) => {
  const language = CODE_LANGUAGES.find((known) => known === value);
  return language === undefined ? failure(value, context, `expected one of ${CODE_LANGUAGES.join(', ')}`) : success(language);
});

export function makeExecuteCode<Q>(): Tool<Q> {
  return makeTool({
    name: 'execute_code',
    args: objectCodec('arguments', { required: { language: languageCodec, code: textCodec } }),
    attempt: TOOL_CALL,
    reach: 'outside',
    recorded: {
      rowType: 'tool',
      result: codeResultCodec,
      good: { stdout: '', stderr: '', exit_code: 0 },
      failure: PROGRAM_FAILED,
      evidence: programEvidenceCodec,
      inSession: true,
    },
    act: (_context, program) => ({
      sender: ({ interpreter }) =>
        interpreter === undefined
          ? undefined
          : async (operationId, deadline) => {
              const outcome = await interpreter.execute(program, operationId, deadline)();
              return {
                source: interpreter.source,
                recorded: isLeft(outcome) ? failedCall(outcome.left) : { ok: true, result: codeText(outcome.right) },
              };
            },
    }),
  });
}

/** A program that ends otherwise than with 0 is a failed call. */
const codeResultCodec = objectCodec('result of a program', {
  required: { stdout: textCodec, stderr: textCodec, exit_code: countCodec(0, 0) },
  optional: { dropped: droppedCodec },
});

function codeText({ stdout, stderr, exitCode, dropped }: CodeResult): Json {
  return { stdout: stdout.toWellFormed(), stderr: stderr.toWellFormed(), exit_code: exitCode, ...droppedText(dropped) };
}

/** The planner's answer is `{"actions": [...]}`, verified like any other plan. A proposal without a goal is a failed call that asks no model. */
export function makeProposePlan<Q>(actions: Codec<Q>): Tool<Q> {
  return makeTool({
    name: 'propose_plan',
    args: objectCodec('arguments', { required: { goal: textCodec } }),
    attempt: TOOL_CALL,
    costs: () => ({ ...TOOL_CALL, model_calls: 1 }),
    reach: 'outside',
    recorded: {
      rowType: 'model',
      result: objectCodec('plan', { required: { actions: proposedTextCodec(actions) } }),
      good: { actions: [] },
      failure: NOT_A_PLAN,
      inSession: true,
    },
    act: ({ world, index }, { goal }) => {
      const seen = world.context();
      if ('rejected' in seen) return { stop: rejection(index, seen) };
      const context = seen.goalContext;
      return {
        row: { type: 'model', name: 'propose_plan', goal, context },
        sender: ({ planner }) =>
          planner === undefined
            ? undefined
            : async (operationId, deadline) => {
                const outcome = await planner.propose({ goal, context }, operationId, deadline)();
                if (isLeft(outcome)) return { source: planner.source, recorded: failedCall(outcome.left) };
                return { source: planner.source, recorded: { ok: true, result: { actions: outcome.right.map(proposedText) } } };
              },
      };
    },
    respond: (context, _args, result) => {
      const proposal = actions.decode(typeof result === 'object' && result !== null && 'actions' in result ? result.actions : undefined);
      return isLeft(proposal)
        ? failed(context.index, 'propose_plan', 'the recorded proposal is not a list of actions')
        : attempted(context, 'propose_plan', context.world.consider(proposal.right));
    },
  });
}

/** Actions in the text that `proposedText` writes: no other spelling of a symbol or an amount, and no member that the world does not know. */
function proposedTextCodec<Q>(actions: Codec<Q>): Codec<Q> {
  return makeCodec(actions.name, actions.schema, (value, context) => {
    const decoded = actions.validate(value, context);
    const normal = Array.isArray(value) && value.every((action) => isRecord(action) && Object.entries(action).every(isNormal));
    return isLeft(decoded) || normal ? decoded : failure(value, context, 'expected symbols and amounts in their normal form');
  });
}

function isNormal([key, value]: readonly [string, unknown]): boolean {
  if (typeof value !== 'string') return false;
  if (key === 'symbol') return value === value.trim().toUpperCase();
  if (key !== 'quantity' && key !== 'price') return true;
  const amount = decimalFromJson(value);
  return !isLeft(amount) && formatDecimal(amount.right) === value;
}

function proposedText({ type, symbol, quantity, price }: ProposedAction): Json {
  return { type, symbol, quantity: formatDecimal(quantity), ...(price === undefined ? {} : { price: formatDecimal(price) }) };
}
