import { AI_REQUEST_BYTES_MAX } from "../../protocol/index.ts";
import type { AiUsage } from "../../types/index.ts";

/** The result of a step that has called a model, as it is stored; the code gets the response. */
export interface AiRecord {
  readonly response: unknown;
  readonly usage?: AiUsage;
  readonly request: unknown;
}

/** What a model was asked, as it is kept: without what is no JSON, and not at all if it is large. It is for people, and never read back. */
export function keptRequest(request: unknown): unknown {
  try {
    const text = JSON.stringify(request) ?? "null";
    const bytes = Buffer.byteLength(text);
    if (bytes <= AI_REQUEST_BYTES_MAX) return JSON.parse(text) as unknown;
    return `[${bytes} bytes, of which none are kept]`;
  } catch (error) {
    return `[not JSON: ${error instanceof Error ? error.message : String(error)}]`;
  }
}
