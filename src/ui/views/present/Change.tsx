import { PixelCanvas, type Pixels } from "../../components/PixelCanvas.tsx";
import { lastDrawnGroup } from "../../stores/galleryStore.ts";
import { PRESENT_WORDS } from "../../text/presenting.ts";
import { useGallery, useRun } from "../../usePlayground.ts";
import { changeOf } from "./example.ts";
import styles from "./scenes.module.css";
import { Tiles } from "./Tiles.tsx";
import { Waiting } from "./Waiting.tsx";

function Side({ image, alt, caption }: { image: Pixels | null; alt: string; caption: string }) {
  return (
    <figure className={styles.side}>
      <div className={styles.picture}>{image ? <PixelCanvas image={image} alt={alt} /> : null}</div>
      <figcaption className={styles.quiet}>{caption}</figcaption>
    </figure>
  );
}

/** A run without a film: what it drew last. */
function LastGroup() {
  const gallery = useGallery((all) => all);
  const last = lastDrawnGroup(gallery);
  if (!last) return <Waiting />;
  const { drawn } = last.group;
  return (
    <>
      <Tiles
        size={drawn.images.length}
        hasWords={false}
        tile={(at) => {
          const image = drawn.images[at];
          const alt = `Image ${at + 1} for “${drawn.prompt}”, step ${last.step.step}`;
          return (
            <div className={styles.picture}>{image ? <PixelCanvas image={image} alt={alt} /> : null}</div>
          );
        }}
      />
      <p className={styles.said}>“{drawn.prompt}”</p>
    </>
  );
}

/** One prompt with one seed: drawn before the first step, and now. */
export function Change() {
  const rows = useGallery((gallery) => gallery.rows);
  const selectedStep = useGallery((gallery) => gallery.selectedStep);
  const every = useRun((run) => run.config?.filmstripEvery ?? 5);
  const change = changeOf(rows, selectedStep);
  if (!change) return <LastGroup />;
  const { prompt, before, now } = change;
  const alt = (step: number) => `“${prompt}” drawn at step ${step}, always with the same seed`;
  return (
    <>
      <div className={styles.pair}>
        <Side image={before.image} alt={alt(before.step)} caption={PRESENT_WORDS.before(before.step)} />
        <Side
          image={now?.image ?? null}
          alt={alt(now?.step ?? 0)}
          caption={now ? PRESENT_WORDS.now(now.step) : PRESENT_WORDS.notYet(before.step + every)}
        />
      </div>
      <p className={styles.said}>“{prompt}”</p>
    </>
  );
}
