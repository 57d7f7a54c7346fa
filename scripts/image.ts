import { newCommand, runCommand } from './command/command.ts';
import { progressLines } from './command/progress.ts';
import { buildImage } from './image/build.ts';

const progress = progressLines(process.stderr);

const program = newCommand('image')
  .description(
    'build the container image of TheAPP from its release, with the Docker that DOCKER_HOST or your context names',
  )
  .option('--base <image>', 'an image with Node.js 24 to stand on, instead of the one in app/Dockerfile')
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
