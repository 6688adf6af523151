import { useState } from "react";
import { Input, Label, TextField } from "react-aria-components";
import type { RunSummary } from "../../../protocol/events.ts";
import { deleteRun, exportStoredRun, pinRun } from "../../actions/runActions.ts";
import { Dialog } from "../../components/Dialog.tsx";
import { PushButton } from "../../components/PushButton.tsx";
import { DELETE_WORDS, PIN_WORDS } from "../../text/runs.ts";
import { usePlayground } from "../../usePlayground.ts";
import styles from "./RunDialogs.module.css";
import { nameOf } from "./runFacts.ts";

/** As long as `pinRun` takes. */
const LONGEST_TITLE = 80;

/** Asks for the title that the copy is kept under. */
export function PinDialog({ run, onClose }: { run: RunSummary; onClose: () => void }) {
  const context = usePlayground();
  const [title, setTitle] = useState(nameOf(run).slice(0, LONGEST_TITLE));
  const pin = () => {
    if (title.trim() === "") return;
    pinRun.run(context, run, title.trim());
    onClose();
  };
  return (
    <Dialog title={PIN_WORDS.title} size="small" onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          pin();
        }}
      >
        <p className={styles.story}>{PIN_WORDS.story}</p>
        <TextField
          className={styles.field ?? ""}
          value={title}
          onChange={setTitle}
          maxLength={LONGEST_TITLE}
          autoFocus
        >
          <Label className={styles.label ?? ""}>{PIN_WORDS.field}</Label>
          <Input className={styles.input ?? ""} onFocus={(event) => event.target.select()} />
        </TextField>
        <div className={styles.buttons}>
          <PushButton kind="main" icon="pin" isDisabled={title.trim() === ""} onPress={pin}>
            {PIN_WORDS.pin}
          </PushButton>
          <PushButton onPress={onClose}>{PIN_WORDS.later}</PushButton>
        </div>
      </form>
    </Dialog>
  );
}

/** Says what is lost, and that the open run is the one that goes. */
export function DeleteDialog({ run, onClose }: { run: RunSummary; onClose: () => void }) {
  const context = usePlayground();
  const choose = (act: () => void) => () => {
    act();
    onClose();
  };
  return (
    <Dialog title={DELETE_WORDS.title(nameOf(run))} size="small" role="alertdialog" onClose={onClose}>
      <p className={styles.story}>{DELETE_WORDS.story(run.step, run.sizeBytes)}</p>
      {run.isOpen ? <p className={styles.warning}>{DELETE_WORDS.open}</p> : null}
      <div className={styles.buttons}>
        <PushButton kind="main" onPress={onClose}>
          {DELETE_WORDS.keep}
        </PushButton>
        <PushButton onPress={choose(() => exportStoredRun.run(context, run, ""))}>
          {DELETE_WORDS.exportFirst}
        </PushButton>
        <PushButton icon="bin" onPress={choose(() => deleteRun.run(context, run, ""))}>
          {DELETE_WORDS.delete}
        </PushButton>
      </div>
    </Dialog>
  );
}
