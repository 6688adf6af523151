import { playPause } from "../../actions/playPause.ts";
import { Dialog } from "../../components/Dialog.tsx";
import { keyName } from "../../text/keyName.ts";
import { PRESENT_WORDS } from "../../text/presenting.ts";
import { CUES } from "./cues.ts";
import styles from "./KeysOverlay.module.css";
import { useCue, useOverlays } from "./usePresenter.ts";

const ROWS = [
  ...CUES.map(({ id, keys }) => ({ name: PRESENT_WORDS.cues[id], keys: keys as readonly string[] })),
  { name: PRESENT_WORDS.playPause, keys: playPause.keys },
];

/** Every key of the presentation. */
export function KeysOverlay() {
  const cue = useCue();
  const isOpen = useOverlays((overlays) => overlays.hasKeys);
  return (
    <Dialog title={PRESENT_WORDS.keysTitle} isOpen={isOpen} size="stage" onClose={() => cue("keys")}>
      <dl>
        {ROWS.map(({ name, keys }) => (
          <div key={name} className={styles.row}>
            <dt>{name}</dt>
            <dd>
              {keys.map((key) => (
                <kbd key={key}>{keyName(key)}</kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
