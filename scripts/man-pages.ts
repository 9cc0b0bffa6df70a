// The man pages, from commander's own table of commands and options: `stratafs.1` and one for each command.
import type { Argument, Command, Help, Option } from 'commander';
import { ENVIRONMENT, EXAMPLES, TOPICS, type Topic, type TopicRow } from '../src/cli/topics.ts';

/** By file name, `stratafs-ls.1`: their text, in the macros of man(7), ASCII. */
export function manPages(program: Command, version: string): Map<string, string> {
  const help = program.createHelp();
  const commands = help.visibleCommands(program).filter((command) => command.name() !== 'help');
  const pages = commands.map((command) => {
    const name = `stratafs-${command.name()}`;
    return [`${name}.1`, commandPage(command, program, `${heading(name, version)}`)] as const;
  });
  return new Map([['stratafs.1', programPage(program, commands, heading('stratafs', version))], ...pages]);
}

/** A line for each way to write it: in help the further ones are aligned below the first. */
function synopsis(name: string, usage: string): string {
  const [first = '', ...others] = usage.split('\n').map((line) => line.trim());
  const front = `stratafs ${name}`;
  const rest = others.map((line) => (line.startsWith(front) ? line.slice(front.length).trim() : line));
  return [first, ...rest].map((words) => `.B ${roff(front)}\n${roff(words)}\n`).join('.br\n');
}

function programPage(program: Command, commands: readonly Command[], top: string): string {
  const help = program.createHelp();
  const groups = help.groupItems([...commands], [...commands], (command) => command.helpGroup());
  const groupText = [...groups].map(([group, members]) => {
    const rows = members.map(
      (command) =>
        `.TP\n.B ${roff(help.subcommandTerm(command))}\n${lines(help.subcommandDescription(command))}`,
    );
    return `.SS ${roff(group.replace(/:$/, ''))}\n${rows.join('')}`;
  });
  return [
    top,
    section('NAME', 'stratafs \\- look into the root filesystems of container images and containers\n'),
    section('SYNOPSIS', '.B stratafs\n[\\fIoptions\\fR] \\fIcommand\\fR [\\fIargument\\fR ...]\n'),
    section('DESCRIPTION', lines(program.description())),
    section('COMMANDS', `Each has a page of its own, such as\n.BR stratafs\\-ls (1).\n${groupText.join('')}`),
    section('OPTIONS', options(help.visibleOptions(program), help)),
    ...[...TOPICS.values(), ENVIRONMENT].map(topicSection),
    section('EXAMPLES', rows(EXAMPLES)),
    section('SEE ALSO', seeAlso(commands.map((command) => `stratafs-${command.name()}`))),
  ].join('');
}

function commandPage(command: Command, program: Command, top: string): string {
  const help = command.createHelp();
  const name = command.name();
  const operands = help.visibleArguments(command);
  return [
    top,
    section('NAME', `stratafs\\-${roff(name)} \\- ${roff(help.subcommandDescription(command))}\n`),
    section('SYNOPSIS', synopsis(name, command.usage())),
    section('DESCRIPTION', lines(help.commandDescription(command))),
    operands.length === 0 ? '' : section('ARGUMENTS', operands.map((each) => operand(each, help)).join('')),
    section('OPTIONS', grouped(command, help)),
    section(
      'GENERAL OPTIONS',
      `What each means stands in\n.BR stratafs (1):\n${help
        .visibleOptions(program)
        .filter(({ long }) => long !== '--help' && long !== '--version')
        .map((option) => `.br\n.B ${roff(help.optionTerm(option))}\n`)
        .join('')}`,
    ),
    section('EXIT STATUS', 'As for all commands, in\n.BR stratafs (1).\n'),
    section('SEE ALSO', seeAlso(['stratafs'])),
  ].join('');
}

/** As the help of the command has them: groups with a heading of their own are subsections. */
function grouped(command: Command, help: Help): string {
  const visible = help.visibleOptions(command);
  const groups = help.groupItems(visible, visible, (option) => option.helpGroupHeading ?? '');
  return [...groups]
    .map(
      ([group, members]) =>
        (group === '' ? '' : `.SS ${roff(group.replace(/:$/, ''))}\n`) + options(members, help),
    )
    .join('');
}

function options(all: readonly Option[], help: Help): string {
  return all
    .map((option) => `.TP\n.B ${roff(help.optionTerm(option))}\n${lines(help.optionDescription(option))}`)
    .join('');
}

function operand(argument: Argument, help: Help): string {
  return `.TP\n.I ${roff(help.argumentTerm(argument))}\n${lines(help.argumentDescription(argument))}`;
}

function topicSection({ title, blocks }: Topic): string {
  const texts = blocks.map((block) => (typeof block === 'string' ? `.PP\n${lines(block)}` : rows(block)));
  const heading = title === 'Exit codes' ? 'EXIT STATUS' : title.toUpperCase();
  return section(heading, texts.join('').replace(/^\.PP\n/, ''));
}

function rows(all: readonly TopicRow[]): string {
  return all.map(([term, meaning]) => `.TP\n.B ${roff(term)}\n${lines(meaning)}`).join('');
}

function seeAlso(names: readonly string[]): string {
  const others = names.map((name, at) => `.BR ${roff(name)} (1)${at < names.length - 1 ? ',' : ''}\n`);
  return others.join('');
}

function heading(name: string, version: string): string {
  // No date, so that one source makes one page.
  return `.TH ${roff(name.toUpperCase())} 1 "" "stratafs ${roff(version)}" "User Commands"\n.nh\n.ad l\n`;
}

function section(title: string, body: string): string {
  return `.SH ${title}\n${body}`;
}

/** A text as lines that no macro begins. An empty one is a line that prints nothing. */
function lines(text: string): string {
  return text === '' ? '\\&\n' : `${text.split('\n').map(roff).join('\n.br\n')}\n`;
}

/** What terminals without UTF-8 have no sign for. */
const ASCII: ReadonlyMap<string, string> = new Map([
  ['…', '...'],
  ['→', '->'],
  ['×', 'x'],
  ['–', '-'],
]);

function roff(text: string): string {
  return (
    text
      .replace(/[^\0-\x7f]/gu, (sign) => ASCII.get(sign) ?? unicode(sign))
      .replaceAll(/\\(?!\[u)/g, '\\e')
      .replaceAll('-', '\\-')
      // Where a long list may break.
      .replace(/,(?=\S)/g, ',\\:')
      .replace(/^(?=[.'])/, '\\&')
  );
}

function unicode(sign: string): string {
  return `\\[u${(sign.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`;
}
