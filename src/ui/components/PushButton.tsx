import type { ReactNode } from "react";
import { Button } from "react-aria-components";
import { Icon, type IconName } from "./Icon.tsx";
import styles from "./PushButton.module.css";

export interface PushButtonProps {
  readonly children: ReactNode;
  readonly icon?: IconName | undefined;
  readonly kind?: "main" | "plain" | "quiet";
  /** Keyboard shortcut, told to assistive technology and shown as a tooltip. */
  readonly shortcut?: string | undefined;
  /** Hides the words and keeps them for assistive technology. */
  readonly isIconOnly?: boolean;
  readonly isDisabled?: boolean;
  readonly onPress?: () => void;
}

export function PushButton(props: PushButtonProps) {
  const { children, icon, kind = "plain", shortcut, isIconOnly = false, isDisabled = false, onPress } = props;
  return (
    <Button
      className={`${styles.button} ${styles[kind]} ${isIconOnly ? styles.iconOnly : ""}`}
      isDisabled={isDisabled}
      aria-keyshortcuts={shortcut}
      {...(onPress ? { onPress } : {})}
    >
      {icon ? <Icon name={icon} /> : null}
      <span className={isIconOnly ? "visuallyHidden" : undefined}>{children}</span>
    </Button>
  );
}
