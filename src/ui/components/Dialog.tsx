import type { KeyboardEvent, ReactNode } from "react";
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import { CLOSE } from "../text/words.ts";
import styles from "./Dialog.module.css";
import { PushButton } from "./PushButton.tsx";

export interface DialogProps {
  readonly title: string;
  readonly isOpen?: boolean;
  /** "small" asks something, "medium" shows, "large" has a picture, "stage" is read from afar. */
  readonly size?: "small" | "medium" | "large" | "stage";
  /** What is decided in it counts as an interruption to assistive technology. */
  readonly role?: "dialog" | "alertdialog";
  readonly onClose: () => void;
  /** Keys of its own; those that it stops never reach the page. */
  readonly onKeyDown?: (event: KeyboardEvent) => void;
  readonly children: ReactNode;
}

/** A window over the page: it takes the focus and gives it back, and Escape or a click beside it closes it. */
export function Dialog(props: DialogProps) {
  const { title, isOpen = true, size = "medium", role = "dialog", onClose, onKeyDown, children } = props;
  return (
    <ModalOverlay
      className={styles.veil ?? ""}
      isOpen={isOpen}
      onOpenChange={(opens) => (opens ? undefined : onClose())}
      isDismissable
    >
      <Modal className={`${styles.modal} ${styles[size]}`}>
        {/* biome-ignore lint/a11y/noStaticElementInteractions: buttons inside do what its keys do */}
        <div onKeyDown={onKeyDown}>
          <AriaDialog className={styles.dialog ?? ""} role={role}>
            <div className={styles.head}>
              <Heading slot="title">{title}</Heading>
              <PushButton icon="close" kind="quiet" isIconOnly onPress={onClose}>
                {CLOSE}
              </PushButton>
            </div>
            {children}
          </AriaDialog>
        </div>
      </Modal>
    </ModalOverlay>
  );
}
