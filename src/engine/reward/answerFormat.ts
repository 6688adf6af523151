/** Which of the six gold answers an answer is shaped like: what it says is another matter. */
import type { Tag } from "../world/sentences.ts";
import { readTerms, tokenise } from "./lexicon.ts";

export type AnswerFormat = Tag | "other";

/**
 * Reads the shape off the kinds of words, in any wording: two objects and a relation make a position answer, whether or
 * not they are the right ones. Source: spec/unirl.md 6 and 10.5, where SFT answers one tag's questions in another's form.
 */
export function answerFormat(answer: string): AnswerFormat {
  const terms = readTerms(tokenise(answer), true);
  const count = (kind: (typeof terms)[number]["kind"]) => terms.filter((term) => term.kind === kind).length;
  const [classes, colours, numbers, relations] = [
    count("class"),
    count("colour"),
    count("number"),
    count("relation"),
  ];
  switch (`${classes} ${colours} ${numbers} ${relations}`) {
    case "1 0 0 0":
      return "single_object";
    case "2 0 0 0":
      return "two_object";
    case "1 0 1 0":
      return "counting";
    case "0 1 0 0":
    case "1 1 0 0":
      return "colors";
    case "2 0 0 1":
      return "position";
    case "2 2 0 0":
      return "color_attr";
    default:
      return "other";
  }
}
