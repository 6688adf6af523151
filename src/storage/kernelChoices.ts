/** Keeps which kernels are fastest on this machine's adapter, one record an adapter; a new browser begins anew. */
import type { Database } from "./db.ts";

type Answers = Readonly<Record<string, string>>;

/**
 * The engine's `ChoiceStore` in the browser.
 * @param browser tells versions apart, as `navigator.userAgent` does: each compiles shaders in its own way
 */
export function createChoiceStore(database: Database, browser: string) {
  return {
    async load(adapter: string): Promise<Answers> {
      try {
        const record = await (await database.get()).get("kernelChoices", adapter);
        return record?.browser === browser ? record.answers : {};
      } catch {
        // Storage that refuses was reported when the model was opened; timing anew costs a second.
        return {};
      }
    },
    async save(adapter: string, answers: Answers): Promise<void> {
      try {
        await (await database.get()).put("kernelChoices", { adapter, browser, answers });
      } catch {
        // As above: what is not kept is timed again at the next visit.
      }
    },
  };
}
