import { Button, Menu, MenuItem, MenuTrigger, Popover } from "react-aria-components";
import { Icon } from "../components/Icon.tsx";
import { LESSONS } from "../lessons/lessons.ts";
import { LESSON_WORDS } from "../text/words.ts";
import { usePage, usePlayground } from "../usePlayground.ts";
import styles from "./LessonMenu.module.css";

/** Chooses a lesson: its recording plays, wherever one is on the page. */
export function LessonMenu() {
  const { page } = usePlayground();
  const chosen = usePage(({ lesson }) => lesson);
  const choose = (id: string) => {
    const lesson = LESSONS.find((known) => known.id === id);
    if (!lesson) return;
    void page.openLesson(lesson);
    if (page.store.getState().view !== "train") page.navigate("train");
  };
  return (
    <MenuTrigger>
      <Button className={styles.trigger ?? ""} aria-label={`${LESSON_WORDS.choose}: ${chosen.title}`}>
        <span className={styles.kicker}>{LESSON_WORDS.choose}</span>
        <span className={styles.title}>{chosen.title}</span>
        <Icon name="down" size={16} />
      </Button>
      <Popover className={styles.popover ?? ""} placement="bottom end">
        <Menu
          className={styles.menu ?? ""}
          aria-label="Lessons"
          selectionMode="single"
          disallowEmptySelection
          selectedKeys={[chosen.id]}
          onAction={(key) => choose(String(key))}
        >
          {LESSONS.map(({ id, title, story }) => (
            <MenuItem key={id} id={id} className={styles.item ?? ""} textValue={title}>
              <span className={styles.mark}>{id === chosen.id ? <Icon name="good" size={16} /> : null}</span>
              <span>
                <span className={styles.name}>{title}</span>
                <span className={styles.first}>{story[0]}</span>
              </span>
            </MenuItem>
          ))}
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
