import { relative } from 'node:path';
import { buildRelease } from '../approaches/release/build.ts';
import { newCommand, runCommand } from './command/command.ts';

const program = newCommand('build')
  .description('Builds the release of TheAPP, one tarball in dist/. The same sources produce the same bytes.')
  .action(async () => {
    const { file, version, sha256, bytes, reused } = await buildRelease();
    const lines = [
      `file     ${relative(process.cwd(), file)}`,
      `version  ${version}`,
      `sha256   ${sha256}`,
      `bytes    ${bytes}${reused ? ' (unchanged since the last build)' : ''}`,
    ];
    process.stdout.write(`${lines.join('\n')}\n`);
  });

await runCommand(program);
