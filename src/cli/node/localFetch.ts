/** `fetch` for file addresses, which Node's own does not know. */
import { readFile } from "node:fs/promises";

/** Answers as a server would: 404 where there is no such file. */
export const loadLocalFile: typeof fetch = async (input) => {
  try {
    return new Response(new Uint8Array(await readFile(new URL(String(input)))));
  } catch {
    // Whatever hinders reading it, the caller says which file is missing.
    return new Response(null, { status: 404 });
  }
};
