/** The `fetch` of a kernel client of `@jupyterlab/services`: the part of Jupyter Server's REST interface it uses. */
import type { LocalKernels } from './kernels.js';
import type { LaunchSpec } from './process.js';

/** `fetch` for `LocalKernels`; a kernel that is started without a `path` works in `cwd`. */
export function kernelFetch(kernels: LocalKernels, cwd: string): (request: Request) => Promise<Response> {
  return async (request) => {
    try {
      return await answer(kernels, cwd, request);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return Response.json({ message, reason: message }, { status: 500 });
    }
  };
}

async function answer(kernels: LocalKernels, cwd: string, request: Request): Promise<Response> {
  const [resource, encodedId = '', ...action] = new URL(request.url).pathname
    .replace(/^.*?\/api\//, '')
    .split('/');
  const id = decodeURIComponent(encodedId);
  const route = [request.method, resource, ...(id === '' ? [] : [':id']), ...action];
  if (id !== '' && kernels.find(id) === undefined)
    return Response.json({ message: `Kernel does not exist: ${id}` }, { status: 404 });
  switch (route.join(' ')) {
    case 'GET kernelspecs':
      return Response.json(specModels(kernels.specs));
    case 'GET kernels':
      return Response.json(kernels.models());
    case 'POST kernels': {
      const { name, path } = startOptions(await request.json());
      const started = await kernels.start(name, path ?? cwd);
      return Response.json(kernels.model(started), { status: 201 });
    }
    case 'GET kernels :id':
      return Response.json(kernels.model(id));
    case 'DELETE kernels :id':
      await kernels.shutdown(id);
      return new Response(null, { status: 204 });
    case 'POST kernels :id interrupt':
      kernels.interrupt(id);
      return new Response(null, { status: 204 });
    case 'POST kernels :id restart':
      await kernels.restart(id);
      return Response.json(kernels.model(id));
    default:
      return Response.json({ message: `Not found: ${request.method} ${request.url}` }, { status: 404 });
  }
}

function startOptions(body: unknown): { name?: string; path?: string } {
  if (typeof body !== 'object' || body === null) return {};
  return {
    ...('name' in body && typeof body.name === 'string' && { name: body.name }),
    ...('path' in body && typeof body.path === 'string' && { path: body.path }),
  };
}

function specModels(specs: readonly LaunchSpec[]): object {
  const models: [string, object][] = specs.map((spec) => [
    spec.name,
    {
      name: spec.name,
      resources: {},
      spec: {
        argv: spec.argv,
        display_name: spec.displayName,
        language: spec.language,
        interrupt_mode: spec.interruptMode,
        env: spec.env ?? {},
        metadata: {},
      },
    },
  ]);
  return { default: specs[0]?.name, kernelspecs: Object.fromEntries(models) };
}
