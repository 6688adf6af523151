import { Dialog } from "../../components/Dialog.tsx";
import { PixelCanvas } from "../../components/PixelCanvas.tsx";
import { PushButton } from "../../components/PushButton.tsx";
import { inspectedGroup } from "../../stores/galleryStore.ts";
import { formatSigned } from "../../text/numbers.ts";
import { useGallery, usePlayground } from "../../usePlayground.ts";
import styles from "./Inspector.module.css";
import { type Inspection, inspect, neighbour } from "./inspect.ts";
import { SeedMenu } from "./SeedMenu.tsx";

function Parts({ parts, reward }: Pick<Inspection, "parts" | "reward">) {
  if (reward === null) return null;
  return (
    <>
      <dt>Reward</dt>
      <dd>
        <strong>{reward.toFixed(2)}</strong>
        <ul className={styles.parts}>
          {parts.map(({ label, earned, possible }) => (
            <li key={label} data-earned={earned === possible}>
              <span aria-hidden="true">{earned === possible ? "✓" : "✗"}</span> {label}
              <span className="visuallyHidden">{earned === possible ? ": earned" : ": missed"}</span>
            </li>
          ))}
        </ul>
      </dd>
    </>
  );
}

function Facts({ seen, question, gold }: { seen: Inspection; question: string; gold: string }) {
  const { answer, probability, advantage } = seen;
  return (
    <dl className={styles.facts}>
      <dt>It asks itself</dt>
      <dd>
        <q>{question}</q>
      </dd>
      <dt>It answers</dt>
      <dd>
        {answer === null ? "…" : <q>{answer}</q>}
        {probability === null ? null : (
          <span className={styles.quiet}> sure by {Math.round(probability * 100)} %</span>
        )}
      </dd>
      <dt>Right answer</dt>
      <dd>
        <q>{gold}</q>
      </dd>
      <Parts parts={seen.parts} reward={seen.reward} />
      {advantage === null ? null : (
        <>
          <dt>Advantage</dt>
          <dd>
            <strong>{formatSigned(advantage)}</strong>
          </dd>
        </>
      )}
    </dl>
  );
}

/** One image of the group, large, with all that is known of it; the arrow keys go round the group. */
export function Inspector() {
  const { stores } = usePlayground();
  const looked = inspectedGroup(useGallery((gallery) => gallery));
  const seen = looked && inspect(looked.step, looked.group, looked.at);
  const image = looked?.group.drawn.images[looked.at];
  if (!looked || !seen || !image) return null;
  const { at, group } = looked;
  const { prompt, question, gold, images } = group.drawn;
  const close = () => stores.gallery.setState({ inspected: null });
  const go = (offset: number) => {
    const { inspected } = stores.gallery.getState();
    if (!inspected) return;
    stores.gallery.setState({ inspected: { ...inspected, at: neighbour(at, offset, images.length) } });
  };
  return (
    <Dialog
      title={`“${prompt}”`}
      size="large"
      onClose={close}
      onKeyDown={(event) => {
        if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
        // The page's own arrows turn the filmstrip.
        event.stopPropagation();
        go(event.key === "ArrowLeft" ? -1 : 1);
      }}
    >
      <div className={styles.body}>
        <div className={styles.picture}>
          <PixelCanvas image={image} alt={`Image ${at + 1} for “${prompt}”, step ${seen.step}`} />
        </div>
        <div>
          <Facts seen={seen} question={question} gold={gold} />
          <p className={styles.verdict}>{seen.verdict}</p>
        </div>
      </div>
      <div className={styles.foot}>
        <PushButton icon="left" kind="quiet" isIconOnly onPress={() => go(-1)}>
          Image before
        </PushButton>
        <span role="status">
          image {at + 1} of {images.length} · step {seen.step} · seed {seen.seed}
        </span>
        <SeedMenu prompt={prompt} seed={seen.seed} hasWords />
        <PushButton icon="right" kind="quiet" isIconOnly onPress={() => go(1)}>
          Image after
        </PushButton>
      </div>
    </Dialog>
  );
}
