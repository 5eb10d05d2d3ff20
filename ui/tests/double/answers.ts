import type { AnswerFacts, AskRequest, Ending, Model, PlanView } from '../../src/backend';

/** Words that stand around every question. */
const N_WORDS = 54;

interface Asked {
  model: Model;
  plan: PlanView;
  request: AskRequest;
  ending: Ending;
  n_history: number;
}

/** How an answer came about: as long as it was waited for, the rest as on a usual machine. */
export function factsOf(asked: Asked, wait_secs: number): AnswerFacts {
  const { model, plan, request, ending, n_history } = asked;
  const steps = { load_secs: 0, video_secs: 0.4, encode_secs: 4.2, prompt_secs: 3.6 };
  const first_word_secs =
    wait_secs + steps.load_secs + steps.video_secs + steps.encode_secs + steps.prompt_secs;
  const answer_secs = 1.6;
  const total_secs = first_word_secs + answer_secs;
  const { total } = plan.counts;
  return {
    model: `${model.name} ${model.quantisation}`.trim(),
    device: 'CPU, 8 threads',
    preset: plan.preset,
    strategy: plan.strategy,
    range: request.plan.range,
    only_frame: request.plan.only_frame,
    frames: plan.frames,
    counts: plan.counts,
    n_prompt_tokens: N_WORDS + n_history,
    n_history_tokens: n_history,
    // With earlier turns the video had been read for the first of them.
    n_reused_tokens: n_history > 0 ? total : 0,
    n_answer_tokens: 24,
    prompt: `USER: <video: ${total} tokens>\n${request.question} ASSISTANT:`,
    settings: [
      ['Temperature', '0'],
      ['Longest answer', '512 tokens'],
    ],
    timings: { wait_secs, ...steps, first_word_secs, answer_secs, total_secs },
    notices: ending === 'repetition' ? ['The answer was cut: the model only repeated itself.'] : plan.notices,
    is_embedded: model.is_embedded,
    ending,
  };
}
