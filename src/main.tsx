import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./ui/App.tsx";
import { createPlayground } from "./ui/playground.ts";
import { preloadView } from "./ui/views.ts";
import { createTrainClient } from "./workers/client.ts";

preloadView(location.hash);
const root = document.getElementById("root");
if (!root) throw new Error("index.html has no element #root.");
createRoot(root).render(
  <StrictMode>
    <App host={createPlayground({ client: createTrainClient() })} />
  </StrictMode>,
);

// Not in development, where the files are made as they are asked for. Private windows may refuse: then offline is not offered.
if (import.meta.env.PROD) navigator.serviceWorker?.register("./sw.js", { type: "module" }).catch(() => {});
