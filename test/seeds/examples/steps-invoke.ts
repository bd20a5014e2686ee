import { inngest } from "./steps-client.ts";

const computeSquare = inngest.createFunction(
  { id: "compute-square" },
  { event: "calculate/square" },
  async ({ event }) => {
    return { result: event.data.number * event.data.number };
  }
);

// The original is a part of a function's body from here on.
const invoke = inngest.createFunction({ id: "invoke" }, { event: "test" }, async ({ step }) => {
// Invoke and use result
const square = await step.invoke("get-square", {
  function: computeSquare,
  data: { number: 4 }
});

console.log(square.result); // 16, fully typed!
return square;
});

export { computeSquare, invoke };
