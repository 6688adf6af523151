/** The views of the page and their addresses: `#/train`, `#/arena`, … */

export const VIEW_IDS = ["train", "arena", "geneval", "how", "present", "runs"] as const;
export type ViewId = (typeof VIEW_IDS)[number];

export interface Route {
  readonly id: ViewId;
  /** In the navigation and in the window's title. */
  readonly title: string;
  /** One sentence for the help overlay. */
  readonly help: string;
  readonly keys: readonly string[];
}

export const ROUTES: readonly Route[] = [
  { id: "train", title: "Train", help: "Watch the model learn, and take part.", keys: ["1"] },
  { id: "arena", title: "Arena", help: "Compare two models on the same prompt and seed.", keys: ["2"] },
  { id: "geneval", title: "GenEval", help: "Score a model on GenEval's six tasks.", keys: ["3"] },
  { id: "how", title: "How it works", help: "Follow one step of learning, stop by stop.", keys: ["4"] },
  { id: "present", title: "Present", help: "Show it on a big screen.", keys: ["5", "p"] },
  { id: "runs", title: "Runs", help: "See the recorded and the saved runs.", keys: ["6"] },
];

export const HOME: ViewId = "train";

export function routeOf(view: ViewId): Route {
  return ROUTES.find(({ id }) => id === view) ?? (ROUTES[0] as Route);
}

export interface Location {
  /** Null for an address that names no view. */
  readonly view: ViewId | null;
  /** What the address names as view, for whoever has to say that there is none. */
  readonly name: string;
  readonly query: URLSearchParams;
}

/** Takes a hash apart; an empty one is home. */
export function parseHash(hash: string): Location {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const name = path.replace(/\/+$/, "");
  const view = name === "" ? HOME : (VIEW_IDS.find((id) => id === name) ?? null);
  return { view, name, query: new URLSearchParams(query) };
}
