import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { buildRelease } from '../../approaches/release/build.ts';
import { ticking } from '../../provision/computer/ticking.ts';
import { failure } from '../../provision/index.ts';
import { docker, requireDocker } from '../command/docker.ts';
import { dockerfile } from './dockerfile.ts';

export interface ImageOptions {
  /** An image with Node.js 24, instead of the one that app/Dockerfile names. */
  readonly base?: string;
  progress(line: string): void;
}

/** An image in the Docker daemon. */
export interface BuiltImage {
  /** `theapp:VERSION` */
  readonly name: string;
  /** `sha256:…` of its configuration. */
  readonly id: string;
  readonly bytes: number;
  readonly seconds: number;
}

/**
 * Builds `theapp:VERSION` from the release, with the daemon that the user's `docker` connects to.
 *
 * @throws ProvisionError (unreachable) when no daemon answers, (failed) with the builder's output
 */
export async function buildImage({ base, progress }: ImageOptions): Promise<BuiltImage> {
  await requireDocker('image');
  const start = performance.now();
  const { file, version } = await buildRelease();
  const name = `theapp:${version}`;
  const context = mkdtempSync(join(tmpdir(), 'theapp-image-'));
  try {
    copyFileSync(file, join(context, basename(file)));
    copyFileSync(dockerfile, join(context, 'Dockerfile'));
    const options = ['--tag', name, '--build-arg', `VERSION=${version}`];
    if (base !== undefined) options.push('--build-arg', `BASE=${base}`);
    await ticking(progress, `building ${name}`, () => build([...options, context]));
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
  return { name, ...(await inspect(name)), seconds: (performance.now() - start) / 1000 };
}

async function build(words: readonly string[]): Promise<void> {
  const { exitCode, all, shortMessage } = await docker(['build', ...words], {
    all: true,
    timeout: 1_800_000,
  });
  if (exitCode === 0) return;
  throw failure({
    place: 'image',
    what: 'docker build failed',
    why: exitCode === undefined ? `${shortMessage}` : `exit code ${exitCode}`,
    said: `${all ?? ''}`,
    todo: 'if no registry can be reached, name a local image that contains Node.js 24: --base IMAGE',
  });
}

async function inspect(name: string): Promise<{ id: string; bytes: number }> {
  const { stdout } = await execa('docker', ['image', 'inspect', '--format', '{{.Id}} {{.Size}}', name]);
  const [id = '', bytes] = stdout.split(' ');
  return { id, bytes: Number(bytes) };
}
