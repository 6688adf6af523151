import { expect, it } from "vitest";
import { type JudgedRow, writeJudgedCsv, writeJudgedLines } from "./judgedText.ts";

const ROW: JudgedRow = {
  tag: "counting",
  prompt: "a photo of two cups",
  number: 1,
  seen: false,
  seed: "0/7/1",
  correct: false,
  reasons: ["asked for 2 cup, found 3", "asked for fewer than 3 cup, found 3"],
  answer: 'two "cups"',
  reward: 0.5,
  line: '{"prompt":"a photo of two cups"}\n',
};

it("writes one line an image, and quotes what a spreadsheet would take apart", () => {
  const [head, row, ...rest] = [...writeJudgedCsv([{ name: "robust", step: 12, images: [ROW] }])];
  expect(head).toBe("state,step,task,prompt,number,seed,seen,correct,reasons,answer,reward [0–1]\r\n");
  expect(row).toBe(
    'robust,12,counting,a photo of two cups,1,0/7/1,false,false,"asked for 2 cup, found 3; asked for fewer than 3 cup, found 3","two ""cups""",0.5\r\n',
  );
  expect(rest).toEqual([]);
});

it("gives the worker's lines back, each with one end", () => {
  const lines = [...writeJudgedLines('{"format":"unirl-judged"}', [ROW, { ...ROW, line: "{}" }])];
  expect(lines).toEqual(['{"format":"unirl-judged"}\n', '{"prompt":"a photo of two cups"}\n', "{}\n"]);
});
