/** How far a long command is: a line that is rewritten on a terminal, and elsewhere one for each tenth. */
export class Progress {
  readonly #stream: Pick<NodeJS.WriteStream, "isTTY" | "write">;
  readonly #total: number;
  #tenths = 0;

  constructor(stream: Pick<NodeJS.WriteStream, "isTTY" | "write">, total: number) {
    this.#stream = stream;
    this.#total = total;
  }

  show(done: number, text: string): void {
    if (this.#stream.isTTY) {
      this.#stream.write(`\r\x1b[K${text}`);
      return;
    }
    const tenths = Math.floor((done * 10) / this.#total);
    if (tenths > this.#tenths) this.#stream.write(`${text}\n`);
    this.#tenths = tenths;
  }

  /** A line that stays. */
  note(text: string): void {
    this.end();
    this.#stream.write(`${text}\n`);
  }

  end(): void {
    if (this.#stream.isTTY) this.#stream.write("\r\x1b[K");
  }
}
