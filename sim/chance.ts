import { seededRandom } from "../local/random.ts";

/**
 * A fraction from 0 up to, not including, 1 that depends on a seed and a name alone. What is decided by it stays decided when other
 * things of the story are left out: that is what makes a failing story easy to shorten.
 */
export const chanceOf = (seed: number, name: string): number => seededRandom(hash(`${seed} ${name}`)).fraction();

/** A whole number, both ends included, as above. */
export const numberOf = (seed: number, name: string, from: number, to: number): number =>
  from + Math.floor(chanceOf(seed, name) * (to - from + 1));

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let mixed = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) mixed = Math.imul(mixed ^ text.charCodeAt(i), 0x01000193);
  return mixed;
}
