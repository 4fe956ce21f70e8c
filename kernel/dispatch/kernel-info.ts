/** Who this kernel is. */
import { TYPESCRIPT_VERSION } from '../language/version.js';
import { PROTOCOL_VERSION } from '../protocol/message.js';
import type { KernelInfoReply } from '../protocol/kernel-info.js';

export function kernelInfo(version: string): KernelInfoReply {
  return {
    status: 'ok',
    protocol_version: PROTOCOL_VERSION,
    implementation: 'nabla',
    implementation_version: version,
    language_info: {
      name: 'typescript',
      version: TYPESCRIPT_VERSION,
      mimetype: 'text/typescript',
      file_extension: '.ts',
      pygments_lexer: 'typescript',
      codemirror_mode: 'typescript',
      nbconvert_exporter: 'script',
    },
    banner: `Nabla ${version}: TypeScript with tensors and autograd, on Node.js ${process.version}`,
    help_links: [
      { text: 'TypeScript handbook', url: 'https://www.typescriptlang.org/docs/handbook/intro.html' },
      { text: 'Node.js', url: `https://nodejs.org/docs/${process.version}/api/` },
      { text: 'JavaScript reference', url: 'https://developer.mozilla.org/docs/Web/JavaScript' },
    ],
    supported_features: ['debugger'],
    debugger: true,
  };
}
