import { relative } from 'node:path';
import { buildRelease } from '../approaches/release/build.ts';
import { explain } from '../provision/index.ts';

try {
  const { file, version, sha256, bytes, reused } = await buildRelease();
  const lines = [
    `file     ${relative(process.cwd(), file)}`,
    `version  ${version}`,
    `sha256   ${sha256}`,
    `bytes    ${bytes}${reused ? ' (nothing changed since the last build)' : ''}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
} catch (error) {
  process.stderr.write(`${explain(error)}\n`);
  process.exitCode = 1;
}
