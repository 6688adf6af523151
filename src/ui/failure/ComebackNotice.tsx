import { NoticeBar } from "../components/NoticeBar.tsx";
import { PushButton } from "../components/PushButton.tsx";
import { COMEBACK_WORDS } from "../text/states.ts";
import { CLOSE } from "../text/words.ts";
import { usePlayground, useRun } from "../usePlayground.ts";

/** Says that the run comes, or came, back from a lost device by itself. */
export function ComebackNotice() {
  const { stores } = usePlayground();
  const comeback = useRun((run) => run.comeback);
  if (!comeback) return null;
  const { lostAt, resumedAt } = comeback;
  const sentence =
    resumedAt === null ? COMEBACK_WORDS.coming(lostAt) : COMEBACK_WORDS.back(lostAt, resumedAt);
  return (
    <NoticeBar label={COMEBACK_WORDS.title} sentences={[sentence]}>
      {resumedAt === null ? null : (
        <PushButton onPress={() => stores.run.setState({ comeback: null })}>{CLOSE}</PushButton>
      )}
    </NoticeBar>
  );
}
