import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { binary } from './server';

/** Builds the program under test, once for all workers. */
export default function build(): void {
  execFileSync('go', ['build', '-o', binary, './cmd/clientele'], {
    cwd: join(import.meta.dirname, '..'),
    stdio: 'inherit',
  });
}
