import type { AnyFunction } from "stepwell";
import { welcome } from "./welcome.ts";

export const functions: AnyFunction[] = [welcome];
