#!/usr/bin/env node
/** `unirl`: runs src/cli/main.ts from source, so that a clean clone needs no build. */
import { register } from "node:module";
import { register as registerTypeScript } from "tsx/esm/api";

registerTypeScript();
register("./tfjsHooks.mjs", import.meta.url);
const { main } = await import("../src/cli/main.ts");
// A reader that stops reading, such as `head`, wants no stack.
process.stdout.on("error", (error) => {
  if (error.code === "EPIPE") process.exit(1);
  throw error;
});
const exitCode = await main(process.argv);
// Dawn's threads would keep the process alive, so the end is explicit; what a slow pipe has not taken would be lost.
for (const stream of [process.stdout, process.stderr]) {
  await new Promise((resolve) => stream.write("", resolve));
}
process.exit(exitCode);
