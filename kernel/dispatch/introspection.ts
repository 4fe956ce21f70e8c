/**
 * complete and inspect from the values that exist in the user process. The language service, which knows types and
 * code that has not run, will answer before it.
 */
import {
  cursorOffset,
  cursorPosition,
  type CompleteReply,
  type CompleteRequest,
  type InspectReply,
  type InspectRequest,
} from '../protocol/introspection.js';
import type { Session } from '../session/session.js';

const NAME = '[\\p{ID_Start}$_][\\p{ID_Continue}$\\u200c\\u200d]*';
const PATH_BEFORE = new RegExp(`(?:${NAME}\\s*\\??\\.\\s*)*(?:${NAME})?$`, 'u');
const NAME_REST = new RegExp('^[\\p{ID_Continue}$\\u200c\\u200d]*', 'u');
const WHOLE_PATH = new RegExp(`^${NAME}(?:\\.${NAME})*$`, 'u');

/** The dotted path of names that ends at `offset`; null where it hangs on something else, as in `f().na`. */
export function pathBefore(code: string, offset: number): string[] | null {
  const before = code.slice(0, offset);
  const [path] = PATH_BEFORE.exec(before) ?? [''];
  const rest = before.slice(0, before.length - path.length);
  // A dot before the path: it goes on from a call, a literal or a bracket, whose value nobody knows without running it.
  return /[.#]\s*$/.test(rest) && !/\.\.\.\s*$/.test(rest)
    ? null
    : path.split('.').map((name) => name.replace('?', '').trim());
}

export async function complete(request: CompleteRequest, session: Session): Promise<CompleteReply> {
  const { code } = request;
  const offset = cursorOffset(code, request.cursor_pos);
  const path = pathBefore(code, offset);
  const prefix = path?.at(-1) ?? '';
  const position = cursorPosition(code, offset);
  const found = path && session.look ? await session.look(path.slice(0, -1)) : null;
  const members = (found?.members ?? [])
    .filter(({ name }) => name.startsWith(prefix) && WHOLE_PATH.test(name))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const start = cursorPosition(code, offset - prefix.length);
  return {
    status: 'ok',
    matches: members.map(({ name }) => name),
    cursor_start: start,
    cursor_end: position,
    // One entry a match: VS Code ignores the list otherwise.
    metadata: {
      _jupyter_types_experimental: members.map(({ name, kind }) => ({
        text: name,
        type: kind,
        start,
        end: position,
        signature: '',
      })),
    },
  };
}

export async function inspect(request: InspectRequest, session: Session): Promise<InspectReply> {
  const { code } = request;
  const offset = cursorOffset(code, request.cursor_pos);
  const [rest] = NAME_REST.exec(code.slice(offset)) ?? [''];
  const here = namesBefore(code, offset + rest.length);
  const path = here.length > 0 ? here : namesBefore(code, openParenthesis(code, offset));
  const found = path.length > 0 ? await session.look?.(path) : null;
  return { status: 'ok', found: !!found, data: found?.data ?? {}, metadata: {} };
}

function namesBefore(code: string, offset: number): string[] {
  return pathBefore(code, offset)?.filter((name) => name !== '') ?? [];
}

/** Where the call begins whose arguments surround `offset`: the name before it is what a person asks about. */
function openParenthesis(code: string, offset: number): number {
  let closed = 0;
  for (let index = offset - 1; index >= 0; index--) {
    if (code[index] === ')') closed++;
    else if (code[index] === '(' && closed-- === 0) return index;
  }
  return 0;
}

/** The path in a cell that consists of `?path` or `path?`, which is no TypeScript; null for any other cell. */
export function pageRequest(code: string): string[] | null {
  const text = code.trim();
  const path = text.startsWith('?') ? text.slice(1) : text.endsWith('?') ? text.slice(0, -1) : '';
  return WHOLE_PATH.test(path.trim()) ? path.trim().split('.') : null;
}
