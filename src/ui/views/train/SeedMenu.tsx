/** What can be done with the seed of a picture: take it along, or draw it again with another model. */
import { memo, useRef, useState } from "react";
import { Menu, MenuItem, Popover } from "react-aria-components";
import menu from "../../components/Menu.module.css";
import { ToolButton } from "../../components/ToolButton.tsx";
import { arenaHash } from "../../seed.ts";
import { SEED_WORDS } from "../../text/train.ts";
import { usePlayground } from "../../usePlayground.ts";
import styles from "./SeedMenu.module.css";

export interface SeedMenuProps {
  readonly prompt: string;
  readonly seed: string;
  /** Says which picture it is, where there are several. */
  readonly name?: string;
  /** Shows the words and not only the icon. */
  readonly hasWords?: boolean;
}

/** Of every picture, so its menu is made when it is asked for. */
export const SeedMenu = memo(function SeedMenu({ prompt, seed, name, hasWords = false }: SeedMenuProps) {
  const trigger = useRef<HTMLButtonElement>(null);
  const [isOpen, setOpen] = useState(false);
  const { sharing } = usePlayground();
  const copy = () => {
    const say = (words: string) => sharing.store.setState({ notice: { kind: "done", words } });
    navigator.clipboard.writeText(SEED_WORDS.written(prompt, seed)).then(
      () => say(SEED_WORDS.copied),
      () => say(SEED_WORDS.refused),
    );
  };
  return (
    <>
      <ToolButton
        ref={trigger}
        icon="seed"
        label={name === undefined ? SEED_WORDS.take : SEED_WORDS.takeOf(name)}
        isOpen={isOpen}
        onPress={() => setOpen(true)}
      >
        {hasWords ? SEED_WORDS.take : undefined}
      </ToolButton>
      {isOpen ? (
        <Popover
          className={menu.popover ?? ""}
          placement="bottom end"
          trigger="MenuTrigger"
          triggerRef={trigger}
          isOpen
          onOpenChange={setOpen}
        >
          <p className={styles.seed}>{SEED_WORDS.seed(seed)}</p>
          <Menu
            className={menu.menu ?? ""}
            aria-label={SEED_WORDS.take}
            autoFocus="first"
            onClose={() => setOpen(false)}
          >
            <MenuItem id="copy" className={menu.item ?? ""} onAction={copy}>
              {SEED_WORDS.copy}
            </MenuItem>
            <MenuItem id="arena" className={menu.item ?? ""} href={arenaHash(prompt, seed)}>
              {SEED_WORDS.arena}
            </MenuItem>
          </Menu>
        </Popover>
      ) : null}
    </>
  );
});
