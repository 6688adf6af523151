import { linkTo } from "../location.ts";
import { SHARE_WORDS } from "../text/sharing.ts";
import type { Action } from "./action.ts";

export const copyLink: Action = {
  id: "copyLink",
  label: () => "Copy link",
  help: "Copy a link to what you see: lesson, settings and step.",
  keys: ["k"],
  isEnabled: () => true,
  run: ({ page, sharing }) => {
    const say = (words: string) => sharing.store.setState({ notice: { kind: "done", words } });
    navigator.clipboard.writeText(linkTo(page)).then(
      () => say(SHARE_WORDS.linkCopied),
      () => say(SHARE_WORDS.linkRefused),
    );
  },
};
