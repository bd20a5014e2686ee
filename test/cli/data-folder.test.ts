import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { prepareData, stateOf } from "../../cli/data-folder.ts";
import { diskStorage } from "../../local/store.ts";
import { scratch } from "./stepwell.ts";

describe("the data folder of `stepwell dev`", () => {
  it("is made, and kept out of git", async () => {
    const folder = join(scratch(), "state", "here");
    expect(await stateOf(folder)).toBe("absent");
    expect(await prepareData(folder, false)).toBe(folder);
    expect(readFileSync(join(folder, ".gitignore"), "utf8")).toBe("*\n");
    expect(await stateOf(folder)).toBe("ours");
  });

  it("is emptied when asked to, and not otherwise", async () => {
    const folder = await prepareData(join(scratch(), "data"), false);
    mkdirSync(join(folder, "dynamodb"));
    await prepareData(folder, false);
    expect(existsSync(join(folder, "dynamodb"))).toBe(true);
    await prepareData(folder, true);
    expect(readdirSync(folder)).toEqual([".gitignore"]);
  });

  it("is not emptied while a local cloud has it open", async () => {
    const folder = await prepareData(join(scratch(), "data"), false);
    const storage = await diskStorage(join(folder, "services"));
    await expect(prepareData(folder, true)).rejects.toThrow("Is another local cloud using it?");
    await storage.close();
    expect(existsSync(join(folder, "services"))).toBe(true);
  });

  it.each([
    ["other things", "thesis.tex", ""],
    ["a project's .gitignore", ".gitignore", "node_modules/\n"],
  ])("is never one with %s in it", async (_, name, text) => {
    const folder = scratch();
    writeFileSync(join(folder, name), text);
    for (const fresh of [false, true])
      await expect(prepareData(folder, fresh)).rejects.toMatchObject({ code: "STEPWELL_INVALID_OPTION" });
    expect(readFileSync(join(folder, name), "utf8")).toBe(text);
  });
});
