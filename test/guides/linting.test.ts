import { ESLint } from "eslint";
// #region config
// eslint.config.js
import stepwell from "stepwell/eslint";
import { expect, it } from "vitest";

const config = [
  stepwell.configs.recommended,
  { rules: { "stepwell/no-nondeterminism-outside-steps": ["error", { also: ["process.env"] }] as const } },
];
// #endregion

const WRONG = `
// #region wrong
create(async ({ event, step }) => {
  const total = [];
  const at = Date.now(); // another time in each replay
  await step.run("charge", async () => {
    total.push(event.data.price); // lost in a replay
    await step.sleep("a-while", "1m"); // a step in a step
  });
  stepwell.send({ name: "shop/charged" }); // nobody waits for it
});
// #endregion
`;

it("the recommended rules say what is wrong, and the options widen them", async () => {
  const eslint = new ESLint({ overrideConfigFile: true, overrideConfig: config as never });
  const [wrong] = await eslint.lintText(WRONG);
  expect(wrong?.messages.map(({ ruleId }) => ruleId)).toEqual([
    "stepwell/no-nondeterminism-outside-steps",
    "stepwell/no-variable-mutation-in-step",
    "stepwell/no-nested-steps",
    "stepwell/await-send",
  ]);
  const [widened] = await eslint.lintText("f(({ step }) => { step.run(process.env.NAME, () => process.env.NAME); });");
  expect(widened?.messages.map(({ ruleId }) => ruleId)).toEqual(["stepwell/no-nondeterminism-outside-steps"]);
});
