#!/usr/bin/env node
/** `unirl`: runs src/cli/main.ts from source, so that a clean clone needs no build. */
import { register } from "node:module";
import { register as registerTypeScript } from "tsx/esm/api";

registerTypeScript();
register("./tfjsHooks.mjs", import.meta.url);
const { main } = await import("../src/cli/main.ts");
// Dawn's threads would keep the process alive, so the end is explicit.
process.exit(await main(process.argv));
