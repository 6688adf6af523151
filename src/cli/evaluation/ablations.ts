/** `unirl eval --suite ablations`: what a rising self-reward may hide. Understanding without eyes is run beside it. */
import { describeMean, describeShare, describeTable, underProgress } from "./bench.ts";
import { type JudgedBench, judgeListed } from "./geneval.ts";

/** Runs the measurements on drawn images. */
export async function runDrawnAblations(judged: JudgedBench): Promise<void> {
  const { bench, header } = judged;
  const { engine, model, options, output } = bench;
  const { seed } = options;
  const images = await judgeListed(judged);
  const record = { command: "eval", suite: "ablations", ...header };

  const { self, selfByTag } = engine.reportGenEval(images, seed);
  output.result(
    { ...record, ablation: "outsideJudge", ...self, byTag: Object.fromEntries(selfByTag) },
    describeTable("self-reward against the outside judge", {
      "self-reward": describeMean(self.reward),
      judge: describeMean(self.correct),
      "reward − judge": describeMean(self.excess),
      "exact − judge": describeMean(self.excessExact),
    }),
  );

  const frozen = await underProgress(bench, "ablations, frozen judge", images.length, (progress) =>
    engine.compareWithFrozenJudge(model, images, seed, progress),
  );
  const { frozenAnswers, ...rewards } = frozen;
  const answers = options.answers ? { frozenAnswers } : {};
  output.result(
    { ...record, ablation: "frozenJudge", ...rewards, ...answers },
    describeTable(
      header.adapter === null
        ? "reward by the model without adapter (there is none: both are the same)"
        : "reward by the model without its adapter",
      {
        "own answers": describeMean(rewards.own),
        "frozen answers": describeMean(rewards.frozen),
        "own − frozen": describeMean(rewards.excess),
        "same words": describeShare(rewards.agreement),
      },
    ),
  );

  const entropy = await underProgress(bench, "ablations, entropy", images.length, (progress) =>
    engine.measureTokenEntropy(model, images, seed, progress),
  );
  const distance = engine.measureTokenDistance(images, seed);
  output.result(
    { ...record, ablation: "variety", tokenEntropy: entropy, tokenDistance: distance },
    describeTable("variety of what is drawn", {
      "token entropy": `${describeMean(entropy)} nats`,
      "token distance": describeMean(distance),
    }),
  );
}
