import { NoticeBar } from "../components/NoticeBar.tsx";
import { PushButton } from "../components/PushButton.tsx";
import { readLink } from "../permalink.ts";
import { describeProblem, LINK_WORDS } from "../text/words.ts";
import { usePage, usePlayground } from "../usePlayground.ts";

/** What a link asked for in vain, and the way on: with the rest of it, or without it. */
export function LinkNotice() {
  const { page } = usePlayground();
  const problems = usePage(({ problems: found }) => found);
  if (problems.length === 0) return null;
  return (
    <NoticeBar label={LINK_WORDS.title} sentences={problems.map(describeProblem)}>
      <PushButton kind="plain" onPress={() => page.store.setState({ problems: [] })}>
        {LINK_WORDS.dismiss}
      </PushButton>
      <PushButton kind="quiet" onPress={() => void page.follow(readLink(""))}>
        {LINK_WORDS.fresh}
      </PushButton>
    </NoticeBar>
  );
}
