/** A command that succeeds on a machine that reaches Docker Hub: any answer will do, also one that refuses. */
export const asksHub = [
  ...['curl', '--silent', '--show-error', '--output', '/dev/null', '--max-time', '6'],
  'https://registry-1.docker.io/v2/',
];
