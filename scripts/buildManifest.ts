/** Writes public/models/manifest.json from the folders of playable models beside it: files, bytes and hashes. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ModelEntry, manifestSchema } from "../src/protocol/manifest.ts";

const folder = fileURLToPath(new URL("../public/models/", import.meta.url));
const DEFAULT_MODEL = "showo-tiny";
/** Families that draw and answer; a detector only judges, so the page does not offer it. */
const PLAYABLE: readonly unknown[] = ["showo"];
const NEEDED = /\.(json|safetensors)$/;

function isPlayable(id: string): boolean {
  const config: { model_type?: unknown } = JSON.parse(readFileSync(join(folder, id, "config.json"), "utf8"));
  return PLAYABLE.includes(config.model_type);
}

function describe(id: string): ModelEntry {
  const files = readdirSync(join(folder, id))
    .filter((name) => NEEDED.test(name))
    .map((name) => {
      const bytes = readFileSync(join(folder, id, name));
      return { name, bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
    });
  const card = readFileSync(join(folder, id, "README.md"), "utf8");
  return {
    id,
    title: /^# (.+)$/m.exec(card)?.[1] ?? id,
    files,
    bytes: files.reduce((total, file) => total + file.bytes, 0),
    sprites: "world/sprites.safetensors",
  };
}

const ids = readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() && isPlayable(entry.name) ? [entry.name] : [],
);
const models = ids.map(describe);
const manifest = manifestSchema.parse({
  default: ids.includes(DEFAULT_MODEL) ? DEFAULT_MODEL : models[0]?.id,
  models,
});
writeFileSync(join(folder, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
for (const { id, bytes } of models) console.log(`${id} ${bytes} bytes`);
