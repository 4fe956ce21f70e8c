export class Peer {
  constructor(name: string, options?: { program?: string; patience?: number });
  readonly name: string;
  readonly version: string | undefined;
  start(): Promise<void>;
  ask(request: object): Promise<Readonly<Record<string, unknown>>>;
  end(): void;
}
