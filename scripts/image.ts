import { newCommand, runCommand } from './command/command.ts';
import { progressLines } from './command/progress.ts';
import { buildImage } from './image/build.ts';

const progress = progressLines(process.stderr);

const program = newCommand('image')
  .description(
    'Builds the container image theapp:VERSION from the release, with your own Docker. Honours DOCKER_HOST and Docker contexts.',
  )
  .option('--base <image>', 'a base image with Node.js 24, instead of the one in app/Dockerfile')
  .action(async ({ base }: { base?: string }) => {
    const { name, id, bytes, seconds } = await buildImage({
      ...(base === undefined ? {} : { base }),
      progress: (line) => progress.show('image', line),
    });
    progress.end();
    const lines = [
      `image    ${name}`,
      `id       ${id}`,
      `bytes    ${bytes}`,
      `seconds  ${seconds.toFixed(1)}`,
    ];
    process.stdout.write(`${lines.join('\n')}\n`);
  });

await runCommand(program, progress.end);
