import { lazy, Suspense, useState } from "react";
import { useSharing } from "../usePlayground.ts";
import { DropTarget } from "./DropTarget.tsx";

/** Comes with the first thing there is to say. */
const SharingNotice = lazy(() => import("./SharingNotice.tsx"));

/** What lies over the page for sharing: the place to drop files on, and what came of it. */
export function SharingLayer() {
  const hasNotice = useSharing((view) => view.notice !== null);
  const [isNeeded, setNeeded] = useState(false);
  // It stays once it is there: a live region speaks only of what changes in it.
  if (hasNotice && !isNeeded) setNeeded(true);
  return (
    <>
      <DropTarget />
      <Suspense>{isNeeded ? <SharingNotice /> : null}</Suspense>
    </>
  );
}
