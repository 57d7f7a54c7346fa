import { join } from 'node:path';
import { role } from '../../../provision/index.ts';
import { stackRemoved, stackResources } from '../../../roles/stack/index.ts';
import { vars } from './vars.ts';

const FILE = join(import.meta.dirname, '..', 'infra.yml');
const NAME = 'infra';

/** The services of the cluster itself: the registry, and pages that show the cluster. The host must be a manager. */
export const infra = role({
  folder: import.meta.dirname,
  vars,
  tasks: ({ vars, template }) => {
    const { certificate, key, passwords, visualiser, visualiser_program: program } = vars;
    return stackResources({
      name: NAME,
      file: FILE,
      content: template(FILE),
      secrets: { certificate, key, passwords },
      configs: visualiser ? { visualiser: { text: program, secrets: [] } } : {},
      seconds: vars.converge_seconds,
    });
  },
  remove: ({ purge }) => stackRemoved(NAME, purge),
});
