import { ROUTES } from "../routes.ts";
import type { Action } from "./action.ts";

/** One action a view. */
export const goTo: readonly Action[] = ROUTES.map(({ id, title, help, keys }) => ({
  id: `goTo.${id}`,
  label: () => title,
  help,
  keys,
  isEnabled: () => true,
  run: ({ page }) => page.navigate(id),
}));
