export const DEFAULT_PORT = 8288;
export const DEFAULT_DATA = ".stepwell";
/** Where `stepwell dev` is unless told otherwise. */
export const DEFAULT_URL = `http://127.0.0.1:${DEFAULT_PORT}`;
