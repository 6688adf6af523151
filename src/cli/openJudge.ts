/** The outside judge's eyes, from a folder. */
import { basename } from "node:path";
import type { ObjectDetector } from "../engine/index.ts";
import { findModelFolder, folderReader } from "./node/files.ts";

/** Opens the detector of a folder given on the command line. */
export type OpenJudge = (
  engine: typeof import("../engine/index.ts"),
  folder: string,
) => Promise<ObjectDetector>;

/** Where `--judge` points without being told. */
export const SHIPPED_JUDGE = "public/models/judge-tiny";

/** @throws EngineError("modelMissing") when the folder is not there */
export const openShippedJudge: OpenJudge = async (engine, folder) => {
  const path = await findModelFolder(folder);
  return engine.loadDetector(folderReader(path), basename(path));
};
