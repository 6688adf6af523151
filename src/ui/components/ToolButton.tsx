import type { ReactNode, Ref } from "react";
import { Icon, type IconName } from "./Icon.tsx";
import styles from "./ToolButton.module.css";

export interface ToolButtonProps {
  readonly icon: IconName;
  /** What it does, where the words on it do not say it all; begins with these words. */
  readonly label: string;
  readonly children?: ReactNode;
  /** Of a button that is a switch. */
  readonly isPressed?: boolean;
  readonly isDisabled?: boolean;
  readonly shortcut?: string | undefined;
  /** Of a button with a menu: whether that is open. */
  readonly isOpen?: boolean;
  readonly onPress: () => void;
  readonly ref?: Ref<HTMLButtonElement>;
}

/** A small quiet button beside what it works on: an icon, perhaps with a word. There are dozens, so it is a plain one. */
export function ToolButton(props: ToolButtonProps) {
  const { icon, label, children, isPressed, isDisabled = false, isOpen, shortcut, onPress, ref } = props;
  return (
    <button
      ref={ref}
      type="button"
      className={styles.tool}
      aria-label={label}
      aria-pressed={isPressed}
      aria-haspopup={isOpen === undefined ? undefined : "menu"}
      aria-expanded={isOpen}
      aria-keyshortcuts={shortcut}
      disabled={isDisabled}
      onClick={onPress}
    >
      <Icon name={icon} size={18} />
      {children === undefined ? null : <span>{children}</span>}
    </button>
  );
}
