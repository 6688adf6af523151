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
const JUDGE = "detector";
const NEEDED = /\.(json|safetensors)$/;

const FOLDERS = readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [entry.name] : [],
);
const typeOf = (id: string) => readFolderJson(id, "config.json").model_type;
const JUDGES = FOLDERS.filter((id) => typeOf(id) === JUDGE);

interface FolderConfig {
  readonly model_type?: unknown;
  readonly side?: number;
  readonly classes?: readonly string[];
}

function readFolderJson(id: string, name: string): FolderConfig {
  return JSON.parse(readFileSync(join(folder, id, name), "utf8"));
}

/** The detector that knows a model's world: its picture size and all its classes. */
function findJudge(id: string): string | undefined {
  const { side, classes = [] } = readFolderJson(id, "world.json");
  return JUDGES.find((judge) => {
    const config = readFolderJson(judge, "config.json");
    return config.side === side && classes.every((name) => config.classes?.includes(name));
  });
}

function listFiles(id: string): ModelEntry["files"] {
  return readdirSync(join(folder, id))
    .filter((name) => NEEDED.test(name))
    .map((name) => {
      const bytes = readFileSync(join(folder, id, name));
      return { name, bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
    });
}

const sizeOf = (files: ModelEntry["files"]): number => files.reduce((total, file) => total + file.bytes, 0);

function describe(id: string): ModelEntry {
  const files = listFiles(id);
  const judge = findJudge(id);
  const card = readFileSync(join(folder, id, "README.md"), "utf8");
  return {
    id,
    title: /^# (.+)$/m.exec(card)?.[1] ?? id,
    files,
    bytes: sizeOf(files),
    sprites: "world/sprites.safetensors",
    ...(judge === undefined ? {} : { judge, judgeBytes: sizeOf(listFiles(judge)) }),
  };
}

const ids = FOLDERS.filter((id) => PLAYABLE.includes(typeOf(id)));
const models = ids.map(describe);
const manifest = manifestSchema.parse({
  default: ids.includes(DEFAULT_MODEL) ? DEFAULT_MODEL : models[0]?.id,
  models,
});
writeFileSync(join(folder, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
for (const { id, bytes } of models) console.log(`${id} ${bytes} bytes`);
