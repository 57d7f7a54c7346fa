import { build, type Message } from 'esbuild';
import { failure } from '../../provision/index.ts';

/** The program as one file, and the files of the checkout that went into it (paths from the root). */
export interface Bundle {
  code: Uint8Array;
  sources: string[];
}

/** What CommonJS dependencies expect to find when they stand in an ES module. */
const requireForDependencies = `import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);`;

/**
 * Bundles TheAPP and its dependencies for Node 24. Not minified: 150 kB more to send once buys stack traces
 * that can be read. Paths in it start at the root, also where node_modules is a link to another place.
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
  if (program === undefined) throw failure({ what: 'esbuild made no file' });
  return { code: program.contents, sources: Object.keys(metafile.inputs) };
}

function refuse(error: Error & { errors?: Message[] }): never {
  const said = error.errors?.map(({ text, location }) => `${location?.file}:${location?.line}: ${text}`);
  throw failure(
    { what: 'TheAPP cannot be bundled', said: said?.join('\n') ?? error.message, todo: 'npm ci' },
    error,
  );
}
