import {
  contestantsIn,
  isJudging,
  isWhole,
  judge,
  judgedNow,
  listContestants,
  pauseJudging,
} from "../judging.ts";
import { JUDGING_WORDS } from "../text/judging.ts";
import type { Action, ActionContext } from "./action.ts";

/** Whether something is missing of what is shown. */
function isIncomplete({ page }: ActionContext): boolean {
  const { stores } = page.live;
  const evaluation = stores.evaluation.getState();
  return listContestants(contestantsIn(stores)).some((option) => !isWhole(judgedNow(evaluation, option)));
}

export const judgeImages: Action = {
  id: "judge",
  label: (context) => {
    const evaluation = context.page.live.stores.evaluation.getState();
    if (isJudging(evaluation)) return JUDGING_WORDS.pause;
    if (evaluation.active?.fate === "ending") return JUDGING_WORDS.pausing;
    if (!isIncomplete(context)) return JUDGING_WORDS.done;
    const isBegun = Object.values(evaluation.judged).some(({ done }) => done > 0);
    return isBegun ? JUDGING_WORDS.goOn : JUDGING_WORDS.run;
  },
  help: JUDGING_WORDS.help,
  keys: ["j"],
  isEnabled: (context) => {
    const { page } = context;
    const { run, evaluation } = page.live.stores;
    const { opening, state } = run.getState();
    if (page.store.getState().view !== "geneval" || opening !== "ready" || state === "failed") return false;
    if (isJudging(evaluation.getState())) return true;
    return evaluation.getState().active?.fate !== "ending" && isIncomplete(context);
  },
  run: ({ page: { live } }) => {
    if (isJudging(live.stores.evaluation.getState())) pauseJudging(live);
    else judge(live.stores, listContestants(contestantsIn(live.stores)));
  },
};
