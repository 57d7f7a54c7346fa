import { build, type Message } from 'esbuild';
import { failure } from '../../provision/index.ts';

/** The program as one file, and the source files it was bundled from (paths from the root). */
export interface Bundle {
  code: Uint8Array;
  sources: string[];
}

/** CommonJS dependencies need `require`, which ES modules do not have. */
const requireForDependencies = `import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);`;

/**
 * Bundles TheAPP and its dependencies for Node 24. It is not minified: 150 kB more to send give readable stack traces.
 * Its paths start at the root, even if node_modules is a symbolic link.
 */
export async function bundle(root: string): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: ['app/src/main.ts'],
    outfile: 'theapp.mjs',
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    charset: 'utf8',
    legalComments: 'eof',
    preserveSymlinks: true,
    tsconfigRaw: {},
    banner: { js: requireForDependencies },
    logLevel: 'silent',
  }).catch(refuse);
  const [program] = outputFiles;
  if (program === undefined) throw failure({ what: 'esbuild produced no file' });
  return { code: program.contents, sources: Object.keys(metafile.inputs) };
}

function refuse(error: Error & { errors?: Message[] }): never {
  const said = error.errors?.map(({ text, location }) => `${location?.file}:${location?.line}: ${text}`);
  throw failure(
    { what: 'TheAPP cannot be bundled', said: said?.join('\n') ?? error.message, todo: 'npm ci' },
    error,
  );
}
