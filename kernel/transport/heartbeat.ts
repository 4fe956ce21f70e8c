/**
 * The heartbeat answers from a thread of ZeroMQ's own, so that it beats whatever JavaScript does: a proxy between the
 * clients and a dealer that is connected to itself, which gives back each message it is handed.
 */
import { Dealer, Proxy, Router } from 'zeromq';

let made = 0;

export class Heartbeat {
  readonly #proxy: Proxy<Router, Dealer>;
  readonly #ended: Promise<void>;
  /** A proxy that still runs would keep the process from ending. */
  readonly #atExit = () => this.#proxy.terminate();

  private constructor(proxy: Proxy<Router, Dealer>) {
    this.#proxy = proxy;
    this.#ended = proxy.run().catch(() => undefined);
    process.once('exit', this.#atExit);
  }

  /** `router` is bound to the heartbeat's address and belongs to the heartbeat from now on. */
  static async start(router: Router): Promise<Heartbeat> {
    const echo = new Dealer({ linger: 0 });
    const address = `inproc://nabla-heartbeat-${++made}`;
    await echo.bind(address);
    echo.connect(address);
    return new Heartbeat(new Proxy(router, echo));
  }

  async stop(): Promise<void> {
    process.off('exit', this.#atExit);
    this.#proxy.terminate();
    await this.#ended;
  }
}
