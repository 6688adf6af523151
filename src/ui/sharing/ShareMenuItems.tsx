import { Header, Menu, MenuItem, MenuSection } from "react-aria-components";
import { SHARE_ACTIONS } from "../actions/shareActions.ts";
import { lastDrawnGroup } from "../stores/galleryStore.ts";
import { keyName } from "../text/keyName.ts";
import { SHARE_WORDS } from "../text/sharing.ts";
import { useGallery, useMetrics, usePlayground, useRun } from "../usePlayground.ts";
import styles from "./ShareMenu.module.css";

/** Everything a person can take away or bring back. What there is to save follows the run while the menu is open. */
export default function ShareMenuItems() {
  const playground = usePlayground();
  useRun((run) => run.state);
  useMetrics((metrics) => metrics.columns.length > 0);
  useGallery((gallery) => `${gallery.rows.length > 0} ${lastDrawnGroup(gallery) !== null}`);
  return (
    <Menu className={styles.menu ?? ""} aria-label={SHARE_WORDS.menu}>
      {SHARE_ACTIONS.map(({ title, actions }) => (
        <MenuSection key={title} className={styles.section ?? ""}>
          <Header className={styles.title ?? ""}>{title}</Header>
          {actions.map((action) => (
            <MenuItem
              key={action.id}
              id={action.id}
              className={styles.item ?? ""}
              textValue={action.label(playground)}
              isDisabled={!action.isEnabled(playground)}
              onAction={() => action.run(playground)}
            >
              <span>{action.label(playground)}</span>
              {action.keys[0] ? <kbd>{keyName(action.keys[0])}</kbd> : null}
            </MenuItem>
          ))}
        </MenuSection>
      ))}
    </Menu>
  );
}
