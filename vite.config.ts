/// <reference types="vitest/config" />
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

/** Cross-origin isolation: shared memory, and with it WebAssembly threads, needs both. */
const ISOLATION = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

const WASM_FOLDER = join(
  dirname(fileURLToPath(import.meta.url)),
  "node_modules/@tensorflow/tfjs-backend-wasm/dist",
);

/** Serves tfjs's WebAssembly binaries under `wasm/`, in development and in the build, without a copy in `public/`. */
function tfjsWasm(): Plugin {
  const names = readdirSync(WASM_FOLDER).filter((name) => name.endsWith(".wasm"));
  return {
    name: "unirl:tfjs-wasm",
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const name = names.find((known) => request.url?.split("?")[0]?.endsWith(`/wasm/${known}`));
        if (!name) return next();
        response.setHeader("Content-Type", "application/wasm");
        for (const [header, value] of Object.entries(ISOLATION)) response.setHeader(header, value);
        response.end(readFileSync(join(WASM_FOLDER, name)));
      });
    },
    generateBundle() {
      for (const name of names) {
        this.emitFile({
          type: "asset",
          fileName: `wasm/${name}`,
          source: readFileSync(join(WASM_FOLDER, name)),
        });
      }
    },
  };
}

/**
 * tfjs starts WebAssembly threads from the source text of a function of its own; minifying renames what that text
 * refers to, and every thread dies at once. Gives them the script as it was published instead.
 */
function tfjsThreads(): Plugin {
  const published = "@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd.js?raw";
  return {
    name: "unirl:tfjs-threads",
    apply: "build",
    enforce: "pre",
    transform(code, id) {
      if (!id.includes("tfjs-backend-wasm/dist/backend_wasm.js")) return null;
      const text = "wasmFactoryThreadedSimd.toString()";
      if (!code.includes(text)) this.error(`${id} has changed: look how it starts its threads now.`);
      const source = `import threadSource from ${JSON.stringify(published)};\n${code}`;
      return { code: source.replace(text, '"undefined;" + threadSource'), map: null };
    },
  };
}

/** Names under which the build and `public/` have what the page needs to open. */
const SHELL = /^(index\.html|icon\.svg|manifest\.webmanifest|(assets|wasm)\/.*)$/;

/** Tells the service worker which files to store ahead; those without a hash in their name with one of their content. */
function builtFiles(): Plugin {
  return {
    name: "unirl:built-files",
    apply: "build",
    writeBundle({ dir = "dist" }) {
      const names = readdirSync(dir, { recursive: true, encoding: "utf8" }).map((name) =>
        name.replaceAll("\\", "/"),
      );
      const files = names
        .filter((name) => SHELL.test(name) && /\.\w+$/.test(name))
        .map((url) => {
          const hash = createHash("sha256")
            .update(readFileSync(join(dir, url)))
            .digest("hex");
          return { url, revision: url.startsWith("assets/") ? null : hash.slice(0, 16) };
        });
      const path = join(dir, "sw.js");
      writeFileSync(
        path,
        readFileSync(path, "utf8").replace("__BUILT_FILES__", () => JSON.stringify(files)),
      );
    },
  };
}

/**
 * Lets the browser paint what `index.html` says before the styles of the application have come: a style sheet in the
 * head holds back every paint, one at the end of the body only what comes after it. Module scripts wait for both.
 */
function stylesAfterOpening(): Plugin {
  return {
    name: "unirl:styles-after-opening",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler(html) {
        const links = html.match(/ *<link rel="stylesheet"[^>]*>\n/g) ?? [];
        const opened = links.reduce((text, link) => text.replace(link, ""), html);
        return opened.replace("  </body>", `${links.join("")}  </body>`);
      },
    },
  };
}

export default defineConfig({
  // Relative addresses: the built page works from any folder of any host.
  base: "./",
  plugins: [react(), tfjsWasm(), stylesAfterOpening(), builtFiles()],
  server: { headers: ISOLATION },
  preview: { headers: ISOLATION },
  // Workers load their own modules, so tfjs stays out of the page's chunk.
  worker: { format: "es", plugins: () => [tfjsThreads()] },
  build: {
    target: "es2023",
    chunkSizeWarningLimit: 2500,
    rolldownOptions: {
      // Not news to who starts the page.
      checks: { pluginTimings: false },
      input: { index: "index.html", sw: "src/offline/serviceWorker.ts" },
      // Its address is its scope, so it has no folder and no hash.
      output: { entryFileNames: ({ name }) => (name === "sw" ? "sw.js" : "assets/[name]-[hash].js") },
    },
  },
  test: {
    environment: "node",
    include: ["src/**/*.test.{ts,tsx}", "scripts/**/*.test.ts", "bench/**/*.test.ts"],
    exclude: ["{src,bench}/**/*.gpu.test.ts", "node_modules/**"],
    testTimeout: 60_000,
  },
});
