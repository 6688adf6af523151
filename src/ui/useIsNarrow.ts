import { useSyncExternalStore } from "react";

const NARROW = "(max-width: 899px)";

/** Whether the window is too narrow for things side by side. */
export function useIsNarrow(): boolean {
  return useSyncExternalStore(
    (listener) => {
      const query = matchMedia(NARROW);
      query.addEventListener("change", listener);
      return () => query.removeEventListener("change", listener);
    },
    () => matchMedia(NARROW).matches,
  );
}
