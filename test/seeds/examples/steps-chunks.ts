import { typed as inngest } from "./steps-client.ts";
declare const chunkArray: (items: string[], size: number) => string[][];
declare const processChunk: (chunk: string[]) => Promise<number>;
declare const aggregateResults: (results: number[]) => number;

export default inngest.createFunction(
  { id: "process-large-dataset" },
  { event: "data/process.large" },
  async ({ event, step }) => {
    const chunks = chunkArray(event.data.items, 10);

    // Process chunks in parallel
    const results = await Promise.all(
      chunks.map((chunk, index) =>
        step.run(`process-chunk-${index}`, () => processChunk(chunk))
      )
    );

    // Combine results
    await step.run("combine-results", () => {
      return aggregateResults(results);
    });
  }
);
