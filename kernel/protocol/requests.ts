/** All requests that a client may send on shell or control, and the reply that each one gets. */
import {
  decodeCommClose,
  decodeCommInfoRequest,
  decodeCommMsg,
  decodeCommOpen,
  type CommInfoReply,
  type CommInfoRequest,
  type CommMessages,
} from './comm.js';
import { decodeDebugRequest, type DebugReply, type DebugRequest } from './debug.js';
import { decodeExecuteRequest, type ExecuteReply, type ExecuteRequest } from './execute.js';
import { decodeHistoryRequest, type HistoryReply, type HistoryRequest } from './history.js';
import {
  decodeCompleteRequest,
  decodeInspectRequest,
  decodeIsCompleteRequest,
  type CompleteReply,
  type CompleteRequest,
  type InspectReply,
  type InspectRequest,
  type IsCompleteReply,
  type IsCompleteRequest,
} from './introspection.js';
import type { JsonObject, WrittenJson } from './json.js';
import { decodeKernelInfoRequest, type KernelInfoReply, type KernelInfoRequest } from './kernel-info.js';
import {
  decodeInterruptRequest,
  decodeShutdownRequest,
  type InterruptReply,
  type InterruptRequest,
  type ShutdownReply,
  type ShutdownRequest,
} from './lifecycle.js';

/** The content of each request, once decoded. */
export interface RequestContents extends CommMessages {
  kernel_info_request: KernelInfoRequest;
  execute_request: ExecuteRequest;
  complete_request: CompleteRequest;
  inspect_request: InspectRequest;
  is_complete_request: IsCompleteRequest;
  history_request: HistoryRequest;
  comm_info_request: CommInfoRequest;
  shutdown_request: ShutdownRequest;
  interrupt_request: InterruptRequest;
  debug_request: DebugRequest;
}

export type RequestType = keyof RequestContents;

/** The content of each reply. */
export interface ReplyContents {
  kernel_info_reply: KernelInfoReply;
  execute_reply: ExecuteReply;
  complete_reply: CompleteReply | WrittenJson;
  inspect_reply: InspectReply;
  is_complete_reply: IsCompleteReply;
  history_reply: HistoryReply;
  comm_info_reply: CommInfoReply;
  shutdown_reply: ShutdownReply;
  interrupt_reply: InterruptReply;
  debug_reply: DebugReply;
}

export type ReplyType = keyof ReplyContents;

/** The reply to a request; comm messages get none. */
export type ReplyTo<Type extends RequestType> = Type extends `${infer Name}_request`
  ? `${Name}_reply` extends ReplyType
    ? ReplyContents[`${Name}_reply`]
    : never
  : undefined;

const decoders: { [Type in RequestType]: (content: JsonObject) => RequestContents[Type] } = {
  kernel_info_request: decodeKernelInfoRequest,
  execute_request: decodeExecuteRequest,
  complete_request: decodeCompleteRequest,
  inspect_request: decodeInspectRequest,
  is_complete_request: decodeIsCompleteRequest,
  history_request: decodeHistoryRequest,
  comm_info_request: decodeCommInfoRequest,
  comm_open: decodeCommOpen,
  comm_msg: decodeCommMsg,
  comm_close: decodeCommClose,
  shutdown_request: decodeShutdownRequest,
  interrupt_request: decodeInterruptRequest,
  debug_request: decodeDebugRequest,
};

export function isRequestType(type: string): type is RequestType {
  return Object.hasOwn(decoders, type);
}

/** Reads the content of a request; throws `InvalidContent` when it is not what the type demands. */
export function decodeRequest<Type extends RequestType>(
  type: Type,
  content: JsonObject,
): RequestContents[Type] {
  return decoders[type](content);
}

/** The type of the reply to a request. */
export function replyType(type: RequestType): string {
  return type.replace(/_request$/, '_reply');
}
