import { slug } from "../sdk/errors/index.ts";
import { ID_CHARS_MAX } from "../sdk/protocol/index.ts";

/**
 * The id that Stepwell knows an app, a function or an environment by, from the name that other systems take as it is: `user/signup` and
 * `User Signup` become `user-signup`. Names that are ids already stay as they are; longer ones stay too, to be refused where ids are.
 */
export function idFrom(name: unknown): unknown {
  if (typeof name !== "string" || name.length > ID_CHARS_MAX || /^[a-z0-9_-]+$/.test(name)) return name;
  return slug(name) || name;
}
