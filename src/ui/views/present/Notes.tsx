import type { Beat } from "../../beats.ts";
import { NOTES } from "../../text/presenting.ts";
import { usePage } from "../../usePlayground.ts";

/** For the presenter's eyes: what to say, and what the lesson wants to be seen. */
export function NoteWords({ beat }: { beat: Beat }) {
  const { story, lookAt } = usePage((page) => page.lesson);
  const { words, place } = NOTES[beat];
  const own = place === "story" ? story[0] : lookAt.find((look) => look.place === place)?.words;
  return (
    <>
      <p>{words}</p>
      {own ? <p>{own}</p> : null}
    </>
  );
}
