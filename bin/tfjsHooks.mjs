/**
 * Node loader hooks for tfjs-core's module files, which carry ES module syntax in a package that does not say so and
 * import without extensions. Needed for `dist/register_all_gradients.js`, which has no bundle of its own.
 */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const isModuleFile = (url) =>
  url.includes("/node_modules/@tensorflow/tfjs-core/dist/") &&
  url.endsWith(".js") &&
  !url.endsWith(".node.js");

/** Finds extensionless relative imports between tfjs-core's module files. */
export async function resolve(specifier, context, nextResolve) {
  if (specifier.startsWith(".") && context.parentURL && isModuleFile(context.parentURL)) {
    const base = new URL(specifier, context.parentURL).href;
    const found = [base, `${base}.js`, `${base}/index.js`].find(
      (url) => url.endsWith(".js") && existsSync(fileURLToPath(url)),
    );
    if (found) return { url: found, format: "module", shortCircuit: true };
  }
  return nextResolve(specifier, context);
}

/** Loads them as ES modules, untouched. */
export async function load(url, context, nextLoad) {
  if (!isModuleFile(url)) return nextLoad(url, context);
  return { format: "module", source: await readFile(fileURLToPath(url)), shortCircuit: true };
}
