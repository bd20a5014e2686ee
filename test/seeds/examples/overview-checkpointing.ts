import { Inngest } from "stepwell/inngest";

const inngest = new Inngest({
    id: "my-app",
    checkpointing: true,
    // OR per-function:
})

// The original shows the option's second form alone.
const tuned = new Inngest({
    id: "my-app",
checkpointing: {
    maxRuntime: "300s",      // max continuous execution time
    bufferedSteps: 2,        // steps to buffer before checkpointing
    maxInterval: "10s",      // max interval between checkpoints
},
});

export { inngest, tuned };
