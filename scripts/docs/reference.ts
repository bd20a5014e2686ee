export const writeReference = (_root: string, _folder: string): void => {};
