/** Single-key shortcuts: each key of the action list, unless somebody is typing or has switched them off. */
import type { Action, ActionContext } from "./actions/action.ts";
import type { ViewId } from "./routes.ts";

/** The part of a keyboard event the choice depends on. */
export interface KeyPress {
  readonly key: string;
  readonly hasModifier: boolean;
  /** Tag name of the focused element, lower case, with its type or role: "input:range", "button", "body". */
  readonly focus: string;
}

const TYPING = /^(input:(?!range|checkbox)|textarea|select)/;
/** Elements for which the space bar and the arrows already mean something. */
const USES_SPACE = /^(button|a|input|summary|.*:(menuitem|tab|option|switch|radio))/;
const USES_ARROWS = /^(input(?!:checkbox)|.*:(menuitem|tab|option|radio|slider))/;

/** The action a key press asks for, or null. */
export function findAction<A extends Pick<Action, "keys">>(actions: readonly A[], press: KeyPress): A | null {
  if (press.hasModifier || TYPING.test(press.focus)) return null;
  if (press.key === " " && USES_SPACE.test(press.focus)) return null;
  if (press.key.includes("Arrow") && USES_ARROWS.test(press.focus)) return null;
  const key = press.key.length === 1 ? press.key.toLowerCase() : press.key;
  return actions.find((action) => action.keys.includes(key)) ?? null;
}

/** The actions whose keys work in a view, its own first. */
export function actionsIn<A extends Pick<Action, "view">>(actions: readonly A[], view: ViewId): A[] {
  return [...actions.filter((action) => action.view === view), ...actions.filter(({ view: only }) => !only)];
}

function describeFocus(target: EventTarget | null): string {
  if (!(target instanceof HTMLElement)) return "body";
  const detail = target.getAttribute("role") ?? target.getAttribute("type");
  const tag = target.tagName.toLowerCase();
  if (target.isContentEditable) return "textarea";
  return detail ? `${tag}:${detail}` : tag === "input" ? "input:text" : tag;
}

export function pressOf(event: KeyboardEvent): KeyPress {
  const hasModifier = event.ctrlKey || event.metaKey || event.altKey;
  // Shift is part of what a character is; an arrow has to say it.
  const key = event.shiftKey && event.key.startsWith("Arrow") ? `Shift+${event.key}` : event.key;
  return { key, hasModifier, focus: describeFocus(event.target) };
}

/** Listens until the returned function is called. */
export function attachShortcuts(actions: readonly Action[], present: () => ActionContext): () => void {
  const listen = (event: KeyboardEvent) => {
    const context = present();
    const { hasShortcuts, isHelpOpen } = context.stores.settings.getState();
    if (!hasShortcuts || event.defaultPrevented) return;
    const action = findAction(actionsIn(actions, context.page.store.getState().view), pressOf(event));
    if (!action || (isHelpOpen && action.id !== "help")) return;
    const isMeant = action.isEnabled(context) && (!event.repeat || action.isRepeated === true);
    // A view's own arrows scroll the page as ever while there is nothing to do with them.
    if (isMeant || !action.view) event.preventDefault();
    if (isMeant) action.run(context);
  };
  window.addEventListener("keydown", listen);
  return () => window.removeEventListener("keydown", listen);
}
