/** What an interrupted cell ends with. It has the name that frontends know from Python. */
export class KeyboardInterrupt extends Error {
  static {
    this.prototype.name = 'KeyboardInterrupt';
  }

  constructor() {
    super('The cell was interrupted.');
  }
}
