import { ACTIONS } from "./actions/actions.ts";
import { tour } from "./actions/tour.ts";
import { Dialog } from "./components/Dialog.tsx";
import { PushButton } from "./components/PushButton.tsx";
import styles from "./HelpOverlay.module.css";
import { keyName } from "./text/keyName.ts";
import { usePlayground, useSettings } from "./usePlayground.ts";

function ShortcutTable() {
  const playground = usePlayground();
  return (
    <table className={styles.keys}>
      <caption className="visuallyHidden">Keyboard shortcuts</caption>
      <tbody>
        {ACTIONS.map((action) => (
          <tr key={action.id}>
            <th scope="row">{action.label(playground)}</th>
            <td className={styles.what}>{action.help}</td>
            <td className={styles.caps}>
              {action.keys.map((key) => (
                <kbd key={key}>{keyName(key)}</kbd>
              ))}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** What the page does, and every action with its key. */
export function HelpOverlay() {
  const playground = usePlayground();
  const { stores } = playground;
  const isOpen = useSettings((settings) => settings.isHelpOpen);
  const hasShortcuts = useSettings((settings) => settings.hasShortcuts);
  const setOpen = (isHelpOpen: boolean) => stores.settings.setState({ isHelpOpen });
  return (
    <Dialog title="A model that teaches itself" isOpen={isOpen} onClose={() => setOpen(false)}>
      <p className={styles.story}>
        One small model draws and looks. From a prompt it draws a group of images, asks itself about each one,
        and compares its own answers with the right one. Images that did better than their group are made more
        likely, the others less. Nothing leaves this browser.
      </p>
      <div className={styles.tour}>
        <PushButton icon="right" onPress={() => tour.run(playground)}>
          {tour.label(playground)}
        </PushButton>
        <span>{tour.help}</span>
      </div>
      <ShortcutTable />
      <label className={styles.option}>
        <input
          type="checkbox"
          checked={hasShortcuts}
          onChange={(event) => stores.settings.setState({ hasShortcuts: event.target.checked })}
        />
        Use single-key shortcuts
      </label>
    </Dialog>
  );
}
