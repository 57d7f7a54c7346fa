/** What tests of roles and resources import: sample facts, a real shell, and a resource applied to it. */
export { render } from './language/template.ts';
export { title } from './run/items.ts';
export { localShell } from './shell/local.ts';
export { type ComposeHost, composeOutput, dockerShell } from './testing/docker.ts';
export { debian, vm } from './testing/facts.ts';
export { applyOnce, fingerprint, isolated, pending, stateOf } from './testing/resources.ts';
export { freePort, remove, sshd } from './testing/ssh/sshd.ts';
