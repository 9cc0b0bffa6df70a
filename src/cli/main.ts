#!/usr/bin/env node
// The door: the process's words in, its exit code out. Loads only what the words ask for: starting is most of the time
// that a short command takes.

const words = process.argv.slice(2);
if (words.includes('mount')) {
  // The server takes as long to start as this process: both do so side by side.
  const { isBackgroundMount, startServer } = await import('./launch.ts');
  if (isBackgroundMount(words)) startServer(words);
}
if (words.length === 1 && words[0] === '--version') {
  const { version } = await import('./version.ts');
  process.stdout.write(`${version()}\n`);
} else {
  await run();
}

async function run(): Promise<void> {
  const [{ DescriptorOutput }, { Terminal }, { runProgram }] = await Promise.all([
    import('./output.ts'),
    import('./terminal.ts'),
    import('./program.ts'),
  ]);
  const terminal = new Terminal(new DescriptorOutput(1), new DescriptorOutput(2));
  process.on('uncaughtException', (error) => {
    terminal.end(error);
    process.exit(terminal.exitCode);
  });
  const code = await runProgram(words, terminal);
  if (code !== 0) process.exitCode = code;
}
