// `stratafs completion`: the script that makes a shell complete commands, options, references and paths inside images.
import { Argument, type Command } from 'commander';
import { completionScript, SHELLS } from '../completion/script.ts';
import type { Terminal } from '../print/terminal.ts';

export function registerCompletion(program: Command, terminal: Terminal): void {
  program
    .command('completion')
    .summary('a script by which a shell completes references and paths too')
    .description(
      'Print the completion script of a shell. For bash: eval "$(stratafs completion bash)" in ~/.bashrc; ' +
        'for zsh: source <(stratafs completion zsh) behind compinit; for fish: stratafs completion fish | source.',
    )
    .addArgument(new Argument('<shell>', 'which shell').choices(SHELLS))
    .action((shell: (typeof SHELLS)[number]) => {
      terminal.out.write(completionScript(shell));
    });
}
