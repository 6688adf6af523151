/** A command's working set: the backend it runs on and the model it loads, closed again at its end. */

import { basename } from "node:path";
import { closeBackend, loadModel, type UnifiedModel } from "../engine/index.ts";
import { findModelFolder, folderReader } from "./node/files.ts";
import { startNodeBackend } from "./node/nodeBackend.ts";
import type { CommonOptions, ModelOptions } from "./options.ts";
import { createOutput, type Output } from "./output.ts";

export interface Session {
  readonly output: Output;
  readonly backend: string;
  readonly adapter: string;
}

/** Starts the backend, says which one runs, does the work and closes it whatever happens. */
export async function withSession<T>(
  options: Pick<CommonOptions, "backend" | "json">,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const output = createOutput(options.json);
  const report = await startNodeBackend(options.backend, { onError: (error) => output.log(error.message) });
  output.log(`${report.backend} on ${report.adapter}: ${report.reason}`);
  try {
    return await work({ output, backend: report.backend, adapter: report.adapter });
  } finally {
    closeBackend();
  }
}

/** Like `withSession`, with a model loaded. */
export function withModel<T>(
  options: Pick<ModelOptions, "backend" | "json" | "model" | "weights">,
  work: (session: Session & { readonly model: UnifiedModel; readonly folder: string }) => Promise<T>,
): Promise<T> {
  return withSession(options, async (session) => {
    const folder = await findModelFolder(options.model);
    const { weights } = options;
    const model = await loadModel(folderReader(folder), basename(folder), { weights });
    try {
      return await work({ ...session, model, folder });
    } finally {
      model.dispose();
    }
  });
}
