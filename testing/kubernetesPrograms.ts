import { explain } from '../provision/index.ts';
import { builtPrograms } from '../provision/machines/lab/kubernetes/programs.ts';
import { needsKubernetes } from './servers/kubernetes.ts';

/**
 * Builds the programs of Kubernetes, or waits for a build that is running. A test that waited for them itself would use
 * up its own deadline. Without Go it does nothing: the tests are skipped, with the reason.
 */
if (!(await needsKubernetes())) {
  let last = '';
  await builtPrograms((line) => {
    const doing = line.replace(/:? \d+ s$/, '');
    if (doing !== last) process.stderr.write(`${line}\n`);
    last = doing;
  }).catch((error: unknown) => {
    process.stderr.write(`${explain(error)}\n`);
    process.exitCode = 1;
  });
}
