import { beforeEach } from "vitest";

type Answer = (...args: never[]) => unknown;

/** Calls of the services that examples use and do not define: name and arguments. */
export const calls: unknown[][] = [];
beforeEach(() => {
  calls.length = 0;
});

/** A service's function, whose calls are written down. */
export const fake =
  (name: string, answer: Answer = () => undefined) =>
  (...args: unknown[]): unknown => {
    calls.push([name, ...args]);
    return (answer as (...args: unknown[]) => unknown)(...args);
  };

/** How often each was called. */
export const counts = (): Record<string, number> => {
  const names = calls.map(([name]) => String(name));
  return Object.fromEntries([...new Set(names)].map((name) => [name, names.filter((other) => other === name).length]));
};

/** Makes what examples declare `ambient` be there. Test files have a global object of their own. */
export const provide = (services: Readonly<Record<string, unknown>>): void => void Object.assign(globalThis, services);
