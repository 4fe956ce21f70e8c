/**
 * A Jupyter kernel as a value: what it answers to each request. It knows neither sockets nor the user process, only a
 * transport and a session, so that two of them can live in one test.
 */
import type { TypecheckMode } from '../language/magics/index.js';
import type { LanguageService } from '../language/service/contract.js';
import { InvalidContent } from '../protocol/fields.js';
import type { IsCompleteReply } from '../protocol/introspection.js';
import type { Incoming } from '../protocol/message.js';
import {
  decodeRequest,
  isRequestType,
  replyType,
  type ReplyTo,
  type RequestContents,
  type RequestType,
} from '../protocol/requests.js';
import type { Session, SessionEvents } from '../session/session.js';
import type { Channel, Transport } from '../transport/transport.js';
import { CommRegistry } from './comms.js';
import { Debugging } from './debugging.js';
import { Executions } from './executions.js';
import { History, type HistoryStore } from './history.js';
import { complete, inspect, type Language } from './introspection.js';
import { kernelInfo } from './kernel-info.js';
import { Mailbox } from './mailbox.js';
import type { Clock, Pacing } from './output-queue.js';
import { Outputs } from './outputs.js';
import { RightOfWay } from './right-of-way.js';
import { StatusReporter } from './status.js';
import { Stdin } from './stdin.js';

export interface KernelOptions {
  transport: Transport;
  /** Starts the user process. Called once, when the transport is open. */
  startSession(events: SessionEvents): Session | Promise<Session>;
  isComplete(code: string): IsCompleteReply | Promise<IsCompleteReply>;
  /** What knows the types of cells; missing: values alone answer. */
  language?: LanguageService;
  /** How long a request waits for what types tell before values answer alone. Default: 450 ms. */
  typesMs?: number;
  /** What becomes of type errors until a cell says so by `%typecheck`. Default: nobody looks for them. */
  typecheck?: TypecheckMode;
  /** The version of the package. */
  version: string;
  /** Where the history is kept beyond this process; null: nowhere. */
  historyStore?: HistoryStore | null;
  /** One line about something that went wrong. */
  log(text: string): void;
  /** A client asked for the end, and everything is gone. */
  ended(restart: boolean): void;
  clock?: Clock;
  /** Default: outputs stay below what jupyter_server passes on. */
  pacing?: Pacing;
}

/** A request on its way through its handler. */
interface Context {
  readonly channel: Channel;
  readonly message: Incoming;
}

type HandledType = Exclude<RequestType, 'execute_request'>;

type Handlers = {
  [Type in HandledType]: (
    content: RequestContents[Type],
    context: Context,
  ) => ReplyTo<Type> | Promise<ReplyTo<Type>>;
};

/** How long the end of the user process may take before the kernel goes without it. */
const SHUTDOWN_MS = 3000;

/** Who has not asked for so long is likely to read, or to think. */
const QUIET_MS = 1000;

/** Clients wait no longer than half a second. */
const TYPES_MS = 450;

export class Kernel {
  readonly #options: KernelOptions;
  readonly #mailbox: Mailbox;
  readonly #status: StatusReporter;
  readonly #rightOfWay = new RightOfWay();
  #quiet: NodeJS.Timeout | undefined;
  readonly #comms: CommRegistry;
  readonly #outputs: Outputs;
  readonly #stdin: Stdin;
  readonly #history: History;
  readonly #executions: Executions;
  readonly #debugging: Debugging;
  readonly #language: Language | null;
  readonly #session: Promise<Session>;
  #startSession: () => void = () => undefined;
  #hasServed = false;
  #hasSaidStarting = false;
  #ending: Promise<void> | null = null;

  constructor(options: KernelOptions) {
    this.#options = options;
    this.#mailbox = new Mailbox(options.transport);
    this.#status = new StatusReporter(this.#mailbox);
    this.#comms = new CommRegistry({
      session: () => this.#session,
      publish: (output, parent, buffers) => {
        this.#outputs.flush();
        this.#mailbox.publish(output, parent, { buffers });
      },
    });
    this.#outputs = new Outputs(this.#mailbox, this.#comms, options.clock, options.pacing);
    this.#stdin = new Stdin(this.#mailbox);
    this.#debugging = new Debugging({
      publish: (event) => {
        this.#outputs.flush();
        this.#mailbox.publish({ type: 'debug_event', content: event }, null);
      },
      log: (text) => options.log(text),
    });
    this.#history = new History(options.historyStore ?? null);
    this.#session = new Promise<void>((resolve) => (this.#startSession = resolve)).then(() =>
      options.startSession(this.#sessionEvents()),
    );
    this.#session.catch((error: unknown) => this.#log('the user process did not start', error));
    const { language, typesMs = TYPES_MS } = options;
    this.#language = language ? { service: language, waitMs: typesMs } : null;
    this.#executions = new Executions({
      mailbox: this.#mailbox,
      outputs: this.#outputs,
      history: this.#history,
      status: this.#status,
      rightOfWay: this.#rightOfWay,
      stdin: this.#stdin,
      session: () => this.#session,
      language: this.#language,
      typecheck: options.typecheck ?? 'off',
      reset: () => this.#forgetCells(),
    });
  }

  /** Begins to listen, and starts the user process beside it. Rejects when the transport cannot be opened. */
  async start(): Promise<void> {
    await this.#options.transport.open({
      message: (channel, message) => this.#receive(channel, message),
      subscribed: (topic) => this.#welcome(topic),
    });
    this.#startSession();
  }

  /** Interrupts what runs; what waits is aborted. The same for a message and for a signal. */
  async interrupt(): Promise<void> {
    this.#stdin.cancel();
    await this.#executions.interrupt(this.#session.then((session) => session.interrupt()));
  }

  /** Ends the user process and stops to listen. */
  stop(): Promise<void> {
    return (this.#ending ??= this.#stop());
  }

  async #stop(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, SHUTDOWN_MS);
    });
    const shutdown = this.#session
      .then((session) => session.shutdown())
      .catch((error: unknown) => this.#log('the user process did not end cleanly', error));
    await Promise.race([shutdown, timeout]);
    clearTimeout(timer);
    this.#executions.stop();
    clearTimeout(this.#quiet);
    this.#options.language?.stop();
    this.#outputs.flush();
    await this.#history.flushed();
    await this.#options.transport.close();
  }

  #receive(channel: Channel, message: Incoming): void {
    if (this.#ending) return;
    this.#hasServed = true;
    if (channel === 'stdin') void this.#input(message);
    else this.#serve({ channel, message });
  }

  #serve(context: Context): void {
    const { channel, message } = context;
    const type = message.header.msg_type;
    if (!isRequestType(type)) {
      this.#status.during(message.header, () => undefined);
      return;
    }
    try {
      if (type === 'execute_request') {
        this.#executions.push(channel, message, decodeRequest(type, message.content));
        return;
      }
    } catch (error) {
      this.#status.during(message.header, () => this.#reject(context, type, error));
      return;
    }
    const answer = () =>
      this.#status.during(message.header, async () => {
        try {
          await this.#answer(context, type);
        } catch (error) {
          this.#reject(context, type, error);
        }
      });
    if (type === 'complete_request' || type === 'inspect_request') void this.#question(context, type);
    else if (type === 'debug_request') this.#debugging.inTurn(answer);
    else void answer();
  }

  /** About code: cells come first. */
  async #question(context: Context, type: HandledType): Promise<void> {
    clearTimeout(this.#quiet);
    await this.#rightOfWay.question();
    await this.#status.duringQuestion(context.message.header, async () => {
      try {
        const reply = await this.#handle(type, context);
        await this.#rightOfWay.turn();
        return () => this.#reply(context, type, reply);
      } catch (error) {
        return () => this.#reject(context, type, error);
      }
    });
    this.#prepareSoon();
  }

  /** When nobody has asked for a while, and no cell runs, what takes the language service long is done before it is asked for. */
  #prepareSoon(): void {
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => {
      if (this.#rightOfWay.isQuiet) this.#language?.service.prepare();
      else this.#prepareSoon();
    }, QUIET_MS).unref();
  }

  async #answer(context: Context, type: HandledType): Promise<void> {
    this.#reply(context, type, await this.#handle(type, context));
  }

  #reply({ channel, message }: Context, type: HandledType, reply: ReplyTo<HandledType>): void {
    if (reply !== undefined) this.#mailbox.send(channel, message, replyType(type), reply);
  }

  /** Type is one and the same for the codec and the handler: that is what the parameter says. */
  #handle<Type extends HandledType>(type: Type, context: Context): ReturnType<Handlers[Type]>;
  #handle<Type extends HandledType>(type: Type, context: Context) {
    return this.#handlers[type](decodeRequest(type, context.message.content), context);
  }

  /** A request whose content is not what it must be, or that broke its handler: the client learns why. */
  #reject({ channel, message }: Context, type: RequestType, error: unknown): void {
    const isClientsFault = error instanceof InvalidContent;
    if (!isClientsFault) this.#log(`${type} failed`, error);
    const reply = replyType(type);
    if (reply === type) {
      // Nobody waits for an answer to a comm message.
      if (isClientsFault) this.#options.log(`dropped a message on ${channel}: ${error.message}`);
      return;
    }
    const ename = isClientsFault ? 'ProtocolError' : 'KernelError';
    const evalue = error instanceof Error ? error.message : String(error);
    const count = type === 'execute_request' ? { execution_count: this.#executions.count } : {};
    const content = { status: 'error', ename, evalue, traceback: [`${ename}: ${evalue}`], ...count };
    this.#mailbox.send(channel, message, reply, content);
  }

  readonly #handlers: Handlers = {
    kernel_info_request: () => kernelInfo(this.#options.version),
    complete_request: async (content) =>
      complete(content, await this.#session, this.#language, () => this.#rightOfWay.turn()),
    inspect_request: async (content) => inspect(content, await this.#session, this.#language),
    is_complete_request: ({ code }) => this.#options.isComplete(code),
    history_request: (content) => this.#history.query(content),
    comm_info_request: ({ target_name }) => this.#comms.info(target_name),
    comm_open: async (content, { message }) => {
      await this.#comms.open(content, message);
      this.#outputs.flush();
    },
    comm_msg: async (content, { message }) => {
      await this.#comms.forward('msg', content, message);
      this.#outputs.flush();
    },
    comm_close: async (content, { message }) => {
      await this.#comms.forward('close', content, message);
      this.#outputs.flush();
    },
    interrupt_request: async () => {
      await this.interrupt();
      return { status: 'ok' };
    },
    shutdown_request: ({ restart }, { message }) => {
      const reply = { status: 'ok', restart } as const;
      // After the reply and idle, which go out in this turn.
      setImmediate(() => {
        this.#mailbox.publish({ type: 'shutdown_reply', content: reply }, message.header);
        void this.stop().then(() => this.#options.ended(restart));
      });
      return reply;
    },
    debug_request: async (content) => this.#debugging.answer(content, await this.#session),
  };

  async #input(message: Incoming): Promise<void> {
    const type = message.header.msg_type;
    if (type !== 'input_reply') {
      const text = JSON.stringify(type.slice(0, 60));
      this.#options.log(`dropped a message on stdin: it is a ${text}, and only an input_reply comes there`);
      return;
    }
    try {
      const answer = this.#stdin.answer(message);
      if (answer) (await this.#session).inputReply(answer.execution, answer.value);
    } catch (error) {
      this.#log('input_reply', error);
    }
  }

  #welcome(topic: Uint8Array): void {
    const subscription = Buffer.from(topic).toString('utf8');
    this.#mailbox.publish({ type: 'iopub_welcome', content: { subscription } }, null, { topic });
    // Said before, nobody would have heard it.
    if (!this.#hasServed && !this.#hasSaidStarting) this.#status.say('starting', null);
    this.#hasSaidStarting = true;
  }

  #sessionEvents(): SessionEvents {
    return {
      output: (frame) => this.#outputs.accept(frame),
      inputRequest: (id, prompt, password) => {
        const request = this.#executions.requestOf(id);
        if (request) {
          this.#outputs.flush();
          this.#stdin.ask(id, request, prompt, password);
        }
      },
      died: (reason, running) => {
        this.#stdin.cancel();
        this.#executions.abortWaiting();
        this.#forgetCells();
        // Clients drop what belongs to earlier requests when they hear `restarting`: first the cell's last outputs.
        const restarting = () => {
          this.#status.say('restarting', null);
          this.#status.say('idle', null);
        };
        const cellEnd = this.#executions.died(reason, running);
        if (cellEnd) {
          void cellEnd.then(restarting);
          return;
        }
        this.#outputs.accept({ type: 'error', id: running, ...reason });
        this.#outputs.flush();
        restarting();
      },
    };
  }

  /** The process of the cells is gone, and its ends of the comms with it. */
  #forgetCells(): void {
    this.#options.language?.reset();
    for (const close of this.#comms.clear()) this.#mailbox.publish(close, null);
  }

  #log(what: string, error: unknown): void {
    this.#options.log(`${what}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
}
