import { resolve } from 'node:path';
import { build } from 'esbuild';

export type ServiceProgram = 'visualiser' | 'autoscaler';

/** Most bytes that a Swarm config holds. */
const MOST = 500_000;

/**
 * A service of this folder as one file for Node 24 without dependencies: small enough to be given to the cluster as
 * a config, so that it needs no image of its own. The same sources make the same bytes.
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
  if (Buffer.byteLength(code) > MOST) throw new RangeError(`${name} is larger than a config can be`);
  return code;
}
