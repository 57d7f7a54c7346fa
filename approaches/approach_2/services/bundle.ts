import { resolve } from 'node:path';
import { build } from 'esbuild';

export type ServiceProgram = 'visualiser' | 'autoscaler';

/** The maximum size of a Swarm config in bytes. */
const LIMIT = 500_000;

/**
 * Bundles a service of this folder into one file for Node 24, without dependencies. It is small enough for a Swarm
 * config, so it does not need an image of its own. The same sources always give the same bytes.
 */
export async function bundleService(name: ServiceProgram): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: import.meta.dirname,
    entryPoints: [resolve(import.meta.dirname, name, 'main.ts')],
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    charset: 'utf8',
    tsconfigRaw: {},
    logLevel: 'silent',
  });
  const code = outputFiles[0]?.text ?? '';
  if (Buffer.byteLength(code) > LIMIT)
    throw new RangeError(`${name} is larger than ${LIMIT} bytes, the maximum for a config`);
  return code;
}
