// One run of the program: words in, an exit code out. It loads only what the words ask for.
import { answerAtExit, isServer } from './mount/launch.ts';
import { DescriptorOutput } from './print/output.ts';
import { Terminal } from './print/terminal.ts';
import { runProgram } from './program.ts';

/** The words without node and script. Sets the process's exit code. */
export async function main(words: readonly string[]): Promise<void> {
  if (isServer()) answerAtExit();
  const [out, err] = [new DescriptorOutput(1), new DescriptorOutput(2)];
  const terminal = new Terminal(out, err, {
    page: async (rule) => (await import('./print/pager/paging.ts')).Paging.begin(out, err, rule),
  });
  process.on('uncaughtException', (error) => {
    terminal.end(error);
    terminal.close();
    process.exit(terminal.exitCode);
  });
  const code = await runProgram(words, terminal);
  if (code !== 0) process.exitCode = code;
}
