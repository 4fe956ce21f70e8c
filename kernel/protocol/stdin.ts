/** input: the one conversation in which the kernel asks and the client answers. */
import { Fields } from './fields.js';
import type { JsonObject } from './json.js';

export interface InputRequest {
  prompt: string;
  password: boolean;
}

export interface InputReply {
  value: string;
}

export function decodeInputReply(content: JsonObject): InputReply {
  return { value: new Fields('input_reply', content).string('value') };
}
