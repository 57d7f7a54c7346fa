import type { Command } from 'commander';
import type { Progress } from '../command/progress.ts';
import { buildBox } from './box/build.ts';

/** `box`: a Vagrant box from Debian packages, where none can be downloaded. */
export function boxCommand(program: Command, progress: Progress): void {
  program
    .command('box')
    .description('a Vagrant box for libvirt from Debian packages, for where none can be downloaded')
    .option('--image <image>', 'debian-13, debian-12 or debian', 'debian')
    .option('-y, --yes', 'install missing programs of this computer without asking', false)
    .action(async ({ image, yes }: { image: string; yes: boolean }) => {
      const { name, file, sha256 } = await buildBox({
        image,
        yes,
        progress: (line) => progress.show('box', line),
      });
      progress.end();
      process.stdout.write(`${file}\nto use it:
  export THEAPP_BOX=${name} THEAPP_BOX_URL=file://${file} THEAPP_BOX_CHECKSUM=${sha256}
  vagrant up --provision --provider libvirt
`);
    });
}
