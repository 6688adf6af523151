import { linkTo } from "../location.ts";
import type { Action } from "./action.ts";

/** How long the page says that the link was copied. */
const SAID_MS = 2500;

export const copyLink: Action = {
  id: "copyLink",
  label: () => "Copy link",
  help: "Copy a link to what you see: lesson, settings and step.",
  keys: ["k"],
  isEnabled: () => true,
  run: ({ page }) => {
    const say = (linkNews: "copied" | "refused" | null) => page.store.setState({ linkNews });
    const finish = (news: "copied" | "refused") => {
      say(news);
      setTimeout(() => say(null), SAID_MS);
    };
    navigator.clipboard.writeText(linkTo(page)).then(
      () => finish("copied"),
      () => finish("refused"),
    );
  },
};
