/** What this program calls itself in the files it writes. */
import { version } from "../../package.json";

export const PROGRAM = { name: "UniRL Playground", version } as const;
