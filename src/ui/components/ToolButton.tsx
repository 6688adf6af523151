import type { ReactNode } from "react";
import { Button } from "react-aria-components";
import { Icon, type IconName } from "./Icon.tsx";
import styles from "./ToolButton.module.css";

export interface ToolButtonProps {
  readonly icon: IconName;
  /** What it does, where the words on it do not say it all. */
  readonly label: string;
  readonly children?: ReactNode;
  /** Of a button that is a switch. */
  readonly isPressed?: boolean;
  readonly isDisabled?: boolean;
  readonly shortcut?: string | undefined;
  readonly onPress?: () => void;
}

/** A small quiet button beside what it works on: an icon, perhaps with a word. */
export function ToolButton(props: ToolButtonProps) {
  const { icon, label, children, isPressed, isDisabled = false, shortcut, onPress } = props;
  return (
    <Button
      className={styles.tool ?? ""}
      aria-label={label}
      {...(isPressed === undefined ? {} : { "aria-pressed": isPressed })}
      aria-keyshortcuts={shortcut}
      isDisabled={isDisabled}
      {...(onPress ? { onPress } : {})}
    >
      <Icon name={icon} size={18} />
      {children === undefined ? null : <span>{children}</span>}
    </Button>
  );
}
