import type { Ledger } from "../../execution/contract.ts";
import type { AiTools } from "../../types/index.ts";
import { infer } from "./infer.ts";
import { wrap } from "./wrap.ts";

export const ai = (ledger: Ledger): AiTools => ({ wrap: wrap(ledger), infer: infer(ledger) });
