import { PRESENT_WORDS } from "../../text/presenting.ts";

/** Gives an empty window the page's language, theme and styles. */
export function dressWindow({ document: theirs }: Window): void {
  theirs.title = PRESENT_WORDS.notesTitle;
  const { lang, dataset } = document.documentElement;
  theirs.documentElement.lang = lang;
  Object.assign(theirs.documentElement.dataset, dataset);
  const styles = document.querySelectorAll<HTMLElement>('link[rel="stylesheet"], style');
  theirs.head.replaceChildren(
    ...Array.from(styles, (style) => {
      const copy = theirs.importNode(style, true);
      // An empty window has no address that a relative one could be found from.
      if (style instanceof HTMLLinkElement) copy.setAttribute("href", style.href);
      return copy;
    }),
  );
  theirs.body.replaceChildren();
}
