import { lazy, Suspense } from "react";
import { Button, MenuTrigger, Popover } from "react-aria-components";
import { Icon } from "../components/Icon.tsx";
import { SHARE_WORDS } from "../text/sharing.ts";
import styles from "./ShareMenu.module.css";

const loadItems = () => import("./ShareMenuItems.tsx");
const ShareMenuItems = lazy(loadItems);

/** Offers all there is to take away or bring back. */
export function ShareMenu() {
  return (
    <MenuTrigger>
      <Button
        className={styles.button ?? ""}
        onHoverStart={() => void loadItems()}
        onFocus={() => void loadItems()}
      >
        <Icon name="share" />
        <span className={styles.word}>{SHARE_WORDS.menu}</span>
      </Button>
      <Popover className={styles.popover ?? ""} placement="bottom end">
        <Suspense fallback={<div className={styles.loading} />}>
          <ShareMenuItems />
        </Suspense>
      </Popover>
    </MenuTrigger>
  );
}
