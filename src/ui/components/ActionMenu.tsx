import { Button, Menu, MenuItem, MenuTrigger, Popover } from "react-aria-components";
import styles from "./ActionMenu.module.css";
import { Icon, type IconName } from "./Icon.tsx";
import menu from "./Menu.module.css";

export interface MenuEntry {
  readonly id: string;
  readonly label: string;
  readonly icon?: IconName;
  /** Name of the key that does the same. */
  readonly keyName?: string;
  readonly onAction: () => void;
}

/** A button that shows more to do, in a list below it. */
export function ActionMenu(props: {
  /** What the button is called by assistive technology. */
  label: string;
  icon: IconName;
  iconSize?: number;
  entries: readonly MenuEntry[];
  isDisabled?: boolean;
  className?: string | undefined;
}) {
  const { label, icon, iconSize = 20, entries, isDisabled = false, className } = props;
  return (
    <MenuTrigger>
      <Button className={className ?? styles.trigger ?? ""} aria-label={label} isDisabled={isDisabled}>
        <Icon name={icon} size={iconSize} />
      </Button>
      <Popover className={menu.popover ?? ""} placement="bottom end">
        <Menu className={menu.menu ?? ""} aria-label={label}>
          {entries.map((entry) => (
            <MenuItem
              key={entry.id}
              id={entry.id}
              className={menu.item ?? ""}
              textValue={entry.label}
              onAction={entry.onAction}
            >
              {entry.icon ? <Icon name={entry.icon} size={18} /> : null}
              <span className={styles.label}>{entry.label}</span>
              {entry.keyName ? <kbd>{entry.keyName}</kbd> : null}
            </MenuItem>
          ))}
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
