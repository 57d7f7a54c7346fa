import { inputError } from '../../provision/index.ts';
import { newCommand, runCommand } from '../../scripts/command/command.ts';
import { whole } from '../../scripts/command/options.ts';
import { lightHosts } from './hosts.ts';

const program = newCommand('up')
  .description("an approach's machines as containers, until Ctrl-C; says how commands find them")
  .argument('<approach>', 'which approach: a folder of approaches/')
  .option('--disk <GiB>', 'a disk of its own for each', (text) => whole('--disk', text, 1000))
  .action(async (approach: string, { disk }: { disk?: number }) => {
    if (process.getuid?.() !== 0) throw inputError({ what: 'only root may make hosts of containers' });
    const { where, images, docker, close } = await lightHosts(approach, disk === undefined ? {} : { disk });
    const lacking = ['-e', 'theapp.encrypted=false'];
    const words = [...where, ...images, ...(approach === 'approach_2' ? lacking : [])].join(' ');
    const power = (verb: string) =>
      `--power-${verb === 'start' ? 'on' : 'off'} 'docker -H ${docker} ${verb} $HOST'`;
    process.stdout.write(`npm run provision -- ${approach} ${words}
npm run status -- ${approach} ${where.join(' ')}
npm run chaos -- ${approach} ${words} ${power('kill')} ${power('start')}
`);
    await new Promise<void>((resolve) => {
      // keeps this process, and with it the images that it serves
      const alive = setInterval(() => undefined, 60_000);
      for (const signal of ['SIGINT', 'SIGTERM'] as const)
        process.once(signal, () => {
          clearInterval(alive);
          resolve();
        });
    });
    await close();
  });

await runCommand(program);
