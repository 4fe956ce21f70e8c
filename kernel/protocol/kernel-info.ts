/** kernel_info: who the kernel is and which language it runs. */

export type KernelInfoRequest = Record<string, never>;

export interface LanguageInfo {
  name: string;
  version: string;
  mimetype: string;
  file_extension: string;
  pygments_lexer: string;
  codemirror_mode: string;
  nbconvert_exporter: string;
}

export interface KernelInfoReply {
  status: 'ok';
  protocol_version: string;
  implementation: string;
  implementation_version: string;
  language_info: LanguageInfo;
  banner: string;
  help_links: { text: string; url: string }[];
  /** Optional features by name (JEP 92). */
  supported_features: string[];
  /** What clients older than JEP 92 ask instead of `supported_features`. */
  debugger: boolean;
}

export function decodeKernelInfoRequest(): KernelInfoRequest {
  return {};
}
