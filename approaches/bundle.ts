import { build } from 'esbuild';

/** The maximum size of a Swarm config in bytes. A ConfigMap may have twice as many. */
const LIMIT = 500_000;

/**
 * Bundles a program into one file for Node 24, without dependencies. It is small enough for a Swarm config or a
 * ConfigMap, so it does not need an image of its own. The same sources always give the same bytes.
 */
export async function bundleProgram(file: string): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: import.meta.dirname,
    entryPoints: [file],
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
    throw new RangeError(`${file} is larger than ${LIMIT} bytes, the maximum for a config`);
  return code;
}
