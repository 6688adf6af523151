import { useEffect, useState } from "react";
import { createAnnouncer } from "./announcer.ts";
import { isJudging } from "./judging.ts";
import { describeJudging } from "./text/judging.ts";
import { usePlayground } from "./usePlayground.ts";

/** Speaks the run's progress to assistive technology; failures speak for themselves through their card. */
export function LiveRegion() {
  const { stores, page } = usePlayground();
  const [news, setNews] = useState("");
  useEffect(() => {
    const announcer = createAnnouncer(setNews);
    const unfollowMetrics = stores.metrics.subscribe(({ columns }) => {
      const rewards = columns.column("rewardMean");
      const [before, now] = [rewards.at(-2), rewards.at(-1)];
      if (now === undefined) return;
      const trend = before === undefined || now === before ? "" : now > before ? ", up" : ", down";
      announcer.offer(`Step ${columns.steps().at(-1)}, reward ${now.toFixed(2)}${trend}`);
    });
    const unfollowRun = stores.run.subscribe((run, before) => {
      const wasOpening = before.opening !== "ready" && before.opening !== "warmUp";
      if (run.opening === "ready" && wasOpening) announcer.offer("The model is ready.");
      if (run.state !== before.state && run.state === "paused")
        announcer.offer(`Paused at step ${run.step}.`);
    });
    const unfollowJudging = page.live.stores.evaluation.subscribe(({ judged }, before) => {
      if (judged === before.judged) return;
      const words = describeJudging(Object.values(judged), isJudging(page.live.stores.evaluation.getState()));
      if (words !== null) announcer.offer(words);
    });
    return () => {
      unfollowJudging();
      unfollowMetrics();
      unfollowRun();
      announcer.dispose();
    };
  }, [stores, page]);
  return (
    // At the top: below a page as high as the window it would make the page scroll.
    <div className="visuallyHidden" style={{ top: 0 }} role="status" aria-live="polite">
      {news}
    </div>
  );
}
