import { Button, Menu, MenuItem, MenuSection, MenuTrigger, Popover } from "react-aria-components";
import { tour } from "../actions/tour.ts";
import { Icon } from "../components/Icon.tsx";
import { LESSONS } from "../lessons/lessons.ts";
import { LESSON_WORDS } from "../text/words.ts";
import { usePage, usePlayground } from "../usePlayground.ts";
import styles from "./LessonMenu.module.css";

/** Chooses a lesson: its recording plays, wherever one is on the page. */
export function LessonMenu() {
  const playground = usePlayground();
  const { page } = playground;
  const chosen = usePage(({ lesson }) => lesson);
  const choose = (id: string) => {
    const lesson = LESSONS.find((known) => known.id === id);
    if (!lesson) return;
    void page.openLesson(lesson);
    if (page.store.getState().view !== "train") page.navigate("train");
  };
  return (
    <MenuTrigger>
      <Button className={styles.trigger ?? ""}>
        <span className={styles.kicker}>{LESSON_WORDS.choose}</span>{" "}
        <span className={styles.title}>{chosen.title}</span>
        <Icon name="down" size={16} />
      </Button>
      <Popover className={styles.popover ?? ""} placement="bottom end">
        <Menu className={styles.menu ?? ""} aria-label={LESSON_WORDS.menu}>
          <MenuSection
            aria-label={LESSON_WORDS.menu}
            selectionMode="single"
            disallowEmptySelection
            selectedKeys={[chosen.id]}
          >
            {LESSONS.map(({ id, title, story }) => (
              <MenuItem
                key={id}
                id={id}
                className={styles.item ?? ""}
                textValue={title}
                onAction={() => choose(id)}
              >
                <span className={styles.mark}>
                  {id === chosen.id ? <Icon name="good" size={16} /> : null}
                </span>
                <span>
                  <span className={styles.name}>{title}</span>
                  <span className={styles.first}>{story[0]}</span>
                </span>
              </MenuItem>
            ))}
          </MenuSection>
          <MenuSection className={styles.more ?? ""} aria-label={LESSON_WORDS.more}>
            <MenuItem
              id={tour.id}
              className={styles.item ?? ""}
              textValue={tour.label(playground)}
              onAction={() => tour.run(playground)}
            >
              <span className={styles.mark}>
                <Icon name="right" size={16} />
              </span>
              <span>
                <span className={styles.name}>{tour.label(playground)}</span>
                <span className={styles.first}>{tour.help}</span>
              </span>
            </MenuItem>
          </MenuSection>
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
