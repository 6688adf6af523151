/**
 * Parts of a view of which one is shown (the tabs pattern of ARIA: one stop for the tabulator, arrow keys choose).
 * Our own, because a library's panel looks for something to focus after every change in it, and a run changes it always.
 */
import { type KeyboardEvent, type ReactNode, useId } from "react";

export interface TabItem<Id extends string> {
  readonly id: Id;
  readonly title: ReactNode;
  /** Marks the tab for the stylesheet. */
  readonly isSeen?: boolean;
}

export interface TabsProps<Id extends string> {
  readonly label: string;
  readonly items: readonly TabItem<Id>[];
  readonly selected: Id;
  readonly onSelect: (id: Id) => void;
  readonly classNames: {
    readonly list: string | undefined;
    readonly tab: string | undefined;
    readonly panel: string | undefined;
  };
  /** What the tour calls the list. */
  readonly tourName?: string;
  /** The part that is shown; it holds something that can be focused. */
  readonly children: ReactNode;
}

/** The tab that a key leads to from the one at `at`; null for keys that mean nothing here. */
export function tabAfter(key: string, at: number, count: number): number | null {
  switch (key) {
    case "ArrowRight":
      return (at + 1) % count;
    case "ArrowLeft":
      return (at + count - 1) % count;
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default:
      return null;
  }
}

export function Tabs<Id extends string>(props: TabsProps<Id>) {
  const { label, items, selected, onSelect, classNames, tourName, children } = props;
  const prefix = useId();
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    const next = tabAfter(
      event.key,
      items.findIndex(({ id }) => id === selected),
      items.length,
    );
    const item = next === null ? undefined : items[next];
    if (!item) return;
    // Not for the page's shortcuts, nor for scrolling.
    event.preventDefault();
    onSelect(item.id);
    document.getElementById(`${prefix}${item.id}`)?.focus();
  };
  return (
    <>
      <div
        role="tablist"
        aria-label={label}
        className={classNames.list}
        data-tour={tourName}
        onKeyDown={onKeyDown}
      >
        {items.map(({ id, title, isSeen }) => (
          <button
            key={id}
            id={`${prefix}${id}`}
            type="button"
            role="tab"
            className={classNames.tab}
            aria-selected={id === selected}
            aria-controls={id === selected ? `${prefix}panel` : undefined}
            tabIndex={id === selected ? 0 : -1}
            data-seen={isSeen || undefined}
            onClick={() => onSelect(id)}
          >
            {title}
          </button>
        ))}
      </div>
      <div
        key={selected}
        id={`${prefix}panel`}
        role="tabpanel"
        aria-labelledby={`${prefix}${selected}`}
        className={classNames.panel}
      >
        {children}
      </div>
    </>
  );
}
