import { useEffect, useState } from "react";
import { EngineError } from "../../engine/errors.ts";
import { Icon } from "../components/Icon.tsx";
import { SHARE_WORDS } from "../text/sharing.ts";
import { usePlayground } from "../usePlayground.ts";
import styles from "./DropTarget.module.css";
import { openFiles, refuse } from "./sharing.ts";

const LINKS = "text/uri-list";

const carries = (event: DragEvent, type: string): boolean =>
  event.dataTransfer?.types.includes(type) ?? false;

/** Goes to a link to this page, within it. @throws EngineError("fileUnknown") for a link to anywhere else */
function followLink(href: string): void {
  const isOurs =
    URL.canParse(href) &&
    new URL(href).origin + new URL(href).pathname === location.origin + location.pathname;
  if (!isOurs) throw new EngineError("fileUnknown", "This link does not lead to this page.", { href });
  location.assign(href);
}

/** The whole page takes what is dropped on it; without it, a browser would leave the page for the file. */
export function DropTarget() {
  const playground = usePlayground();
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    const isWanted = (event: DragEvent) => carries(event, "Files") || carries(event, LINKS);
    const over = (event: DragEvent) => {
      if (!isWanted(event)) return;
      event.preventDefault();
      if (carries(event, "Files")) setOver(true);
    };
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver(false);
    };
    const drop = (event: DragEvent) => {
      setOver(false);
      if (!isWanted(event)) return;
      event.preventDefault();
      const files = [...(event.dataTransfer?.files ?? [])];
      const href = event.dataTransfer?.getData(LINKS).split("\n")[0]?.trim() ?? "";
      if (files.length > 0) void openFiles(playground, files);
      else if (href !== "") {
        try {
          followLink(href);
        } catch (thrown) {
          refuse(playground.sharing.store, href, thrown);
        }
      }
    };
    window.addEventListener("dragover", over);
    window.addEventListener("dragleave", leave);
    window.addEventListener("drop", drop);
    return () => {
      window.removeEventListener("dragover", over);
      window.removeEventListener("dragleave", leave);
      window.removeEventListener("drop", drop);
    };
  }, [playground]);
  if (!isOver) return null;
  return (
    <div className={styles.veil}>
      <div className={styles.frame}>
        <Icon name="save" size={28} />
        <p className={styles.title}>{SHARE_WORDS.drop}</p>
        <p className={styles.help}>{SHARE_WORDS.dropHelp}</p>
      </div>
    </div>
  );
}
