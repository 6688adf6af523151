import { StrictMode, startTransition } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./ui/App.tsx";
import { createPlayground } from "./ui/playground.ts";
import { preloadView } from "./ui/views.ts";
import { createTrainClient } from "./workers/client.ts";
import { yieldToMessages } from "./workers/yieldToMessages.ts";

/** A task for each part, so that a slow processor answers between them; what has to be fetched is asked for first. */
async function openPage(root: HTMLElement): Promise<void> {
  preloadView(location.hash);
  await yieldToMessages();
  const host = createPlayground({ client: createTrainClient() });
  await yieldToMessages();
  // As a transition, which React draws in slices.
  startTransition(() =>
    createRoot(root).render(
      <StrictMode>
        <App host={host} />
      </StrictMode>,
    ),
  );
}

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no element #root.");
void openPage(root);

// Not in development, where the files are made as they are asked for. Private windows may refuse: then offline is not offered.
if (import.meta.env.PROD) navigator.serviceWorker?.register("./sw.js", { type: "module" }).catch(() => {});
